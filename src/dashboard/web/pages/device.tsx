import type { VNode } from 'preact';
import type { DeviceRequest } from '../../services.ts';
import { verifyPath } from '../answer.tsx';
import { Document } from '../document.tsx';
import { Field, type FormError, FormNotice, fieldError } from '../field.tsx';
import type { Nearness } from '../nearness.ts';
import { Age } from '../time.tsx';

export interface DeviceProps {
  readonly email: string;
  readonly userCode?: string | undefined;
  /** Where the code of a link was asked for, when that is not the network of this browser. */
  readonly far?: string | undefined;
  readonly error?: FormError | undefined;
}

/** Asks for the code that the command line shows. */
export function DevicePage({ email, userCode, far, error }: DeviceProps): VNode {
  return (
    <Document title="Sign in a machine" email={email}>
      <section class="card medium">
        <h1>Sign in a machine</h1>
        <p class="lead">
          Run <code>synsc connect login</code> in a terminal of yours; it shows a code.
        </p>
        {far !== undefined && (
          <p class="notice bad" role="alert">
            This link is for a machine at {far}, which is not on the network of this browser. If you
            started a sign-in there yourself, type the code that its terminal shows. If somebody
            sent you the link, close this page: they would get your credentials.
          </p>
        )}
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
  readonly near: Nearness;
  readonly proved: boolean;
  readonly now: Date;
}

/** Shows who asks and for what, and takes the decision. */
export function DeviceConfirmPage(props: DeviceConfirmProps): VNode {
  const { email, request, names, near, proved, now } = props;
  return (
    <Document title="Approve this machine?" email={email}>
      <section class="card medium">
        <h1>Approve this machine?</h1>
        <p class="lead">Your terminal must show this very code:</p>
        <p class="code">{request.userCode}</p>
        <p class={near === 'other network' ? 'notice bad' : 'notice warn'}>
          {near === 'other network' && (
            <>
              <strong>This machine is not on the network of your browser.</strong>{' '}
            </>
          )}
          Approve only a sign-in that you started yourself, just now. If somebody sent you this code
          or a link to this page, deny it: they would get your credentials.
        </p>
        <dl class="facts">
          <dt>It says it is</dt>
          <dd>{request.deviceName}</dd>
          {request.host !== '' && (
            <>
              <dt>Host</dt>
              <dd>{request.host}</dd>
            </>
          )}
          {request.osUser !== '' && (
            <>
              <dt>User there</dt>
              <dd>{request.osUser}</dd>
            </>
          )}
          <dt>Address</dt>
          <dd>
            {request.address} <NearnessBadge near={near} />
          </dd>
          <dt>Asked</dt>
          <dd>
            <Age moment={request.requestedAt} now={now} />
          </dd>
          <dt>Your account</dt>
          <dd>{email}</dd>
        </dl>
        <h2>It will be able to</h2>
        <ul class="list">
          {request.scope.split(' ').map((scope) => (
            <li key={scope}>
              <Reach scope={scope} names={names} />
            </li>
          ))}
        </ul>
        <Decision proved={proved} />
      </section>
    </Document>
  );
}

const nearnesses: Readonly<Record<Nearness, readonly [text: string, style: string]>> = {
  'same machine': ['the machine of this browser', 'good'],
  'same address': ['same address as this browser', 'good'],
  'same network': ['same network as this browser', 'good'],
  'other network': ['not the network of this browser', 'warn'],
};

function NearnessBadge({ near }: { near: Nearness }): VNode {
  const [text, style] = nearnesses[near];
  return <span class={`badge ${style}`}>{text}</span>;
}

/** What a scope lets a machine do, in words. */
function Reach({ scope, names }: { scope: string; names: readonly string[] }): VNode {
  if (scope === 'sessions:write') {
    return <>record its sessions: which commands got which credential, never a value</>;
  }
  if (scope !== 'credentials:read') return <code>{scope}</code>;
  if (names.length === 0) return <>read the credentials that you store here (none yet)</>;
  return (
    <>
      read the credentials that you store here, now:{' '}
      {names.map((name, index) => (
        <>
          {index > 0 && ', '}
          <code key={name}>{name}</code>
        </>
      ))}
    </>
  );
}

function Decision({ proved }: { proved: boolean }): VNode {
  return (
    <form method="post" action="/device/confirm" class="actions">
      {proved ? (
        <button type="submit" name="action" value="approve">
          Approve
        </button>
      ) : (
        <a class="button" href={verifyPath('/device/confirm')}>
          Confirm it’s you to approve
        </a>
      )}
      <button type="submit" name="action" value="deny" class="danger">
        Deny
      </button>
    </form>
  );
}
