import type { VNode } from 'preact';
import { Document } from '../document.tsx';
import { Field, type FormError, FormNotice, fieldError } from '../field.tsx';
import { PasskeyForm } from '../passkeyForm.tsx';

export interface VerifyProps {
  readonly email: string;
  readonly next: string;
  readonly passkeys: boolean;
  readonly error?: FormError | undefined;
}

/** Asks a signed-in user once more who they are, before something that matters. */
export function VerifyPage({ email, next, passkeys, error }: VerifyProps): VNode {
  return (
    <Document title="Confirm it’s you" email={email} passkeys={passkeys}>
      <section class="card narrow">
        <h1>Confirm it’s you</h1>
        <p class="lead">
          What comes next is asked for only of somebody who has just shown a password or passkey.
        </p>
        <form method="post" action="/verify" class="wide">
          <FormNotice error={error} fields={['password']} />
          <input type="hidden" name="next" value={next} />
          {/* for password managers */}
          <input
            class="hidden"
            type="email"
            name="email"
            value={email}
            autocomplete="username"
            tabIndex={-1}
            aria-hidden="true"
            readOnly
          />
          <Field
            id="password"
            name="password"
            label="Password"
            error={fieldError(error, 'password')}
            input={{ type: 'password', autocomplete: 'current-password', required: true }}
          />
          <div class="actions">
            <button type="submit">Continue</button>
          </div>
        </form>
        {passkeys && (
          <PasskeyForm action="/verify/passkey" next={next} submit="Use a passkey" class="wide" />
        )}
      </section>
    </Document>
  );
}
