import type { VNode } from 'preact';
import { shortestPassword } from '../../services.ts';
import { Document } from '../document.tsx';
import { Field, type FormError, FormNotice, fieldError } from '../field.tsx';
import { PasskeyForm } from '../passkeyForm.tsx';

export interface SignProps {
  /** Whether the account that was signed in has just been deleted. */
  readonly deleted?: boolean;
  /** Local path to open after signing in. */
  readonly next?: string | undefined;
  readonly email?: string | undefined;
  readonly error?: FormError | undefined;
}

/** The sign-in form. */
export function SignInPage(props: SignProps): VNode {
  return (
    <Document title="Sign in" passkeys>
      <section class="card narrow">
        {props.deleted && (
          <p class="notice good" role="status">
            Your account and everything in it are deleted.
          </p>
        )}
        <h1>Sign in</h1>
        <p class="lead">Open your credentials and approve machines.</p>
        <SignForm {...props} action="/sign-in" submit="Sign in" password="current-password" />
        <PasskeyForm
          action="/sign-in/passkey"
          next={props.next}
          submit="Sign in with a passkey"
          class="wide"
        />
        <p class="aside">
          New here? <a href={`/sign-up${nextQuery(props.next)}`}>Create an account</a>
        </p>
      </section>
    </Document>
  );
}

/** The form for a new account. */
export function SignUpPage(props: SignProps): VNode {
  return (
    <Document title="Create an account">
      <section class="card narrow">
        <h1>Create an account</h1>
        <p class="lead">
          Store a credential once; each command on your machines gets just the ones it needs.
        </p>
        <SignForm {...props} action="/sign-up" submit="Create account" password="new-password" />
        <p class="aside">
          Already have one? <a href={`/sign-in${nextQuery(props.next)}`}>Sign in</a>
        </p>
      </section>
    </Document>
  );
}

interface SignFormProps extends SignProps {
  readonly action: string;
  readonly submit: string;
  readonly password: 'current-password' | 'new-password';
}

function SignForm({ next, email, error, action, submit, password }: SignFormProps): VNode {
  return (
    <form method="post" action={action} class="wide">
      <FormNotice error={error} fields={['email', 'password']} />
      {next !== undefined && <input type="hidden" name="next" value={next} />}
      <Field
        id="email"
        name="email"
        label="E-mail"
        error={fieldError(error, 'email')}
        input={{ type: 'email', autocomplete: 'username', required: true, value: email ?? '' }}
      />
      <Field
        id="password"
        name="password"
        label="Password"
        hint={
          password === 'new-password'
            ? `At least ${shortestPassword} characters; a sentence is fine.`
            : undefined
        }
        error={fieldError(error, 'password')}
        input={{ type: 'password', autocomplete: password, required: true }}
      />
      <div class="actions">
        <button type="submit">{submit}</button>
      </div>
    </form>
  );
}

function nextQuery(next: string | undefined): string {
  return next === undefined ? '' : `?next=${encodeURIComponent(next)}`;
}
