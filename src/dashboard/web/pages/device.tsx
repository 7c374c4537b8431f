import type { VNode } from 'preact';
import type { DeviceRequest } from '../../services.ts';
import { Document } from '../document.tsx';
import { Field, type FormError, FormNotice, fieldError } from '../field.tsx';
import { Age } from '../time.tsx';

export interface DeviceProps {
  readonly email: string;
  readonly userCode?: string | undefined;
  readonly error?: FormError | undefined;
}

/** Asks for the code that the command line shows. */
export function DevicePage({ email, userCode, error }: DeviceProps): VNode {
  return (
    <Document title="Sign in a machine" email={email}>
      <section class="card medium">
        <h1>Sign in a machine</h1>
        <p class="lead">
          Run <code>synsc connect login</code> in a terminal of yours; it shows a code.
        </p>
        <form method="post" action="/device">
          <FormNotice error={error} fields={['user_code']} />
          <Field
            id="user_code"
            name="user_code"
            label="Code from your terminal"
            hint="Eight letters, good for 15 minutes. Check that your own terminal shows the same ones."
            error={fieldError(error, 'user_code')}
            input={{
              type: 'text',
              class: 'code-input',
              autocomplete: 'off',
              autocapitalize: 'characters',
              spellcheck: false,
              required: true,
              maxLength: 16,
              placeholder: 'XXXX-XXXX',
              value: userCode?.slice(0, 16) ?? '',
            }}
          />
          <div class="actions">
            <button type="submit">Continue</button>
          </div>
        </form>
      </section>
    </Document>
  );
}

export interface DeviceConfirmProps {
  readonly email: string;
  readonly request: DeviceRequest;
  /** Variables that the machine will be able to read. */
  readonly names: readonly string[];
  readonly now: Date;
}

/** Shows who asks and for what, and takes the decision. */
export function DeviceConfirmPage({ email, request, names, now }: DeviceConfirmProps): VNode {
  return (
    <Document title="Approve this machine?" email={email}>
      <section class="card medium">
        <h1>Approve this machine?</h1>
        <p class="lead">Compare the code with the one in your terminal.</p>
        <p class="code">{request.userCode}</p>
        <p class="notice warn">
          Approve only a sign-in that you started yourself, just now. If somebody sent you this code
          or a link to this page, deny it: they would get your credentials.
        </p>
        <dl class="facts">
          <dt>Machine</dt>
          <dd>{request.deviceName}</dd>
          <dt>Address</dt>
          <dd>{request.address}</dd>
          <dt>Asked</dt>
          <dd>
            <Age moment={request.requestedAt} now={now} />
          </dd>
          <dt>Account</dt>
          <dd>{email}</dd>
        </dl>
        <h2>It will be able to</h2>
        <ul class="list">
          <li>
            {names.length === 0
              ? 'read the credentials that you store here (none yet)'
              : 'read the credentials that you store here, now: '}
            {names.map((name, index) => (
              <>
                {index > 0 && ', '}
                <code key={name}>{name}</code>
              </>
            ))}
          </li>
          <li>record its sessions: which commands got which credential, never a value</li>
        </ul>
        <form method="post" action="/device/confirm" class="actions">
          <button type="submit" name="action" value="approve">
            Approve
          </button>
          <button type="submit" name="action" value="deny" class="danger">
            Deny
          </button>
        </form>
      </section>
    </Document>
  );
}
