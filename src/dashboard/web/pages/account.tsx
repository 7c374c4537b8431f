import type { VNode } from 'preact';
import { type Passkey, shortestPassword, type WebSession } from '../../services.ts';
import { browserName } from '../browser.ts';
import { Document } from '../document.tsx';
import { Field, type FormError, FormNotice, fieldError } from '../field.tsx';
import { PasskeyForm } from '../passkeyForm.tsx';
import { ProofLink } from '../proofLink.tsx';
import { Age, Day } from '../time.tsx';
import { Intro } from './table.tsx';

/** What was just done here, by the name in the address. */
const done = {
  password: 'Your password is changed. Every other browser was signed out.',
  browsers: 'Every other browser was signed out.',
  passkey: 'Your passkey is ready: you can sign in with it from now on.',
  'passkey-gone': 'The passkey is removed. Delete it on your device as well.',
} as const;
export type AccountDone = keyof typeof done;

export function isAccountDone(text: string | undefined): text is AccountDone {
  return text !== undefined && Object.hasOwn(done, text);
}

/** The forms of the page that can be refused. */
export type AccountForm = 'password' | 'passkeys' | 'delete';

export interface AccountProps {
  readonly email: string;
  readonly proved: boolean;
  readonly passkeys: readonly Passkey[];
  readonly browsers: readonly WebSession[];
  readonly now: Date;
  readonly done?: AccountDone | undefined;
  readonly refused?: { readonly form: AccountForm; readonly error: FormError };
}

/** How somebody signs in, where they are signed in, and how to leave. */
export function AccountPage(props: AccountProps): VNode {
  const { email, refused } = props;
  const errorOf = (form: AccountForm) => (refused?.form === form ? refused.error : undefined);
  return (
    <Document title="Account" email={email} section="account" passkeys>
      <Intro title="Account">
        Signed in as <strong>{email}</strong>.
      </Intro>
      {props.done && (
        <p class="notice good" role="status">
          {done[props.done]}
        </p>
      )}
      <div class="stack">
        <PasswordSection email={email} error={errorOf('password')} />
        <PasskeySection {...props} error={errorOf('passkeys')} />
        <BrowserSection browsers={props.browsers} now={props.now} />
        <DeleteSection email={email} proved={props.proved} error={errorOf('delete')} />
      </div>
    </Document>
  );
}

function PasswordSection({ email, error }: { email: string; error: FormError | undefined }): VNode {
  return (
    <section class="card split" id="password">
      <div>
        <h2>Password</h2>
        <p>Changing it signs every other browser out. Machines stay signed in.</p>
      </div>
      <form method="post" action="/account/password">
        <FormNotice error={error} fields={['password', 'new_password']} />
        <input type="hidden" name="email" value={email} autocomplete="username" />
        <Field
          id="current-password"
          name="password"
          label="Current password"
          error={fieldError(error, 'password')}
          input={{ type: 'password', autocomplete: 'current-password', required: true }}
        />
        <Field
          id="new-password"
          name="new_password"
          label="New password"
          hint={`At least ${shortestPassword} characters; a sentence is fine.`}
          error={fieldError(error, 'new_password')}
          input={{ type: 'password', autocomplete: 'new-password', required: true }}
        />
        <div class="actions">
          <button type="submit">Change password</button>
        </div>
      </form>
    </section>
  );
}

function PasskeySection(props: AccountProps & { error: FormError | undefined }): VNode {
  const { passkeys, proved, now, error } = props;
  return (
    <section class="card split" id="passkeys">
      <div>
        <h2>Passkeys</h2>
        <p>Sign in and approve machines with your fingerprint, face, PIN or security key.</p>
      </div>
      <div>
        <FormNotice error={error} fields={[]} />
        {passkeys.length > 0 && (
          <ul class="rows">
            {passkeys.map((passkey) => (
              <PasskeyRow key={passkey.id} passkey={passkey} proved={proved} now={now} />
            ))}
          </ul>
        )}
        {proved ? (
          <PasskeyForm action="/account/passkeys" submit="Add a passkey">
            <Field
              id="passkey-name"
              name="name"
              label="Name"
              hint="So that you know it again, such as the device that keeps it."
              input={{ type: 'text', autocomplete: 'off', maxLength: 60, placeholder: 'Laptop' }}
            />
          </PasskeyForm>
        ) : (
          <ProofLink to="/account" what="to add or remove a passkey" />
        )}
        <noscript>
          <p class="hint">A passkey can be added and used in a browser with JavaScript only.</p>
        </noscript>
      </div>
    </section>
  );
}

function PasskeyRow(props: { passkey: Passkey; proved: boolean; now: Date }): VNode {
  const { passkey, proved, now } = props;
  return (
    <li>
      <div>
        <strong>{passkey.name}</strong>
        <span class="sub">
          added <Day moment={passkey.createdAt} /> ·{' '}
          {passkey.lastUsedAt ? (
            <>
              used <Age moment={passkey.lastUsedAt} now={now} />
            </>
          ) : (
            'not used yet'
          )}
        </span>
      </div>
      {proved && (
        <form method="post" action={`/account/passkeys/${encodeURIComponent(passkey.id)}/delete`}>
          <button type="submit" class="danger small">
            Remove<span class="hidden"> {passkey.name}</span>
          </button>
        </form>
      )}
    </li>
  );
}

function BrowserSection(props: { browsers: readonly WebSession[]; now: Date }): VNode {
  return (
    <section class="card split" id="browsers">
      <div>
        <h2>Browsers</h2>
        <p>
          Where you are signed in to this dashboard. Machines are on the{' '}
          <a href="/devices">devices page</a>.
        </p>
      </div>
      <div>
        <ul class="rows">
          {props.browsers.map(({ address, agent, createdAt, current }, index) => (
            <li key={index}>
              <div>
                <strong title={agent}>{browserName(agent)}</strong>
                {current && <span class="badge good">This one</span>}
                <span class="sub">
                  {address} · signed in <Age moment={createdAt} now={props.now} />
                </span>
              </div>
            </li>
          ))}
        </ul>
        {props.browsers.length > 1 && (
          <form method="post" action="/account/browsers" class="actions">
            <button type="submit" class="quiet">
              Sign out every other browser
            </button>
          </form>
        )}
      </div>
    </section>
  );
}

function DeleteSection(props: {
  email: string;
  proved: boolean;
  error: FormError | undefined;
}): VNode {
  const { email, proved, error } = props;
  return (
    <section class="card split danger-zone" id="delete">
      <div>
        <h2>Delete account</h2>
        <p>
          Every credential, machine, session and passkey is deleted at once, and the key that opens
          your values is destroyed. Only a backup that holds keys could bring them back.
        </p>
      </div>
      {proved ? (
        <form method="post" action="/account/delete">
          <FormNotice error={error} fields={['confirmation']} />
          <Field
            id="confirmation"
            name="confirmation"
            label={
              <>
                Type <code>{email}</code> to confirm
              </>
            }
            error={fieldError(error, 'confirmation')}
            input={{ type: 'text', autocomplete: 'off', spellcheck: false, required: true }}
          />
          <div class="actions">
            <button type="submit" class="danger">
              Delete my account for good
            </button>
          </div>
        </form>
      ) : (
        <ProofLink to="/account" what="to delete your account" />
      )}
    </section>
  );
}
