import type { VNode } from 'preact';
import type { Device } from '../../services.ts';
import { Document } from '../document.tsx';
import { Field, type FormError, FormNotice, fieldError } from '../field.tsx';
import { ProofLink } from '../proofLink.tsx';
import { Age, Day } from '../time.tsx';
import { Empty, Intro, Table } from './table.tsx';

/** What was just done, by the name in the address. */
const done = {
  approved: 'Approved. Go back to your terminal: it is signed in within a few seconds.',
  denied: 'Denied. That machine got nothing.',
  revoked: 'Revoked. It can read nothing any more, from this moment on.',
  'all-revoked': 'Every machine and token was revoked.',
} as const;
export type DevicesDone = keyof typeof done;

export function isDevicesDone(text: string | undefined): text is DevicesDone {
  return text !== undefined && Object.hasOwn(done, text);
}

export interface DevicesProps {
  readonly email: string;
  readonly proved: boolean;
  readonly devices: readonly Device[];
  readonly now: Date;
  readonly done?: DevicesDone | undefined;
  readonly error?: FormError | undefined;
}

/** The machines and tokens that are or were signed in to this account. */
export function DevicesPage(props: DevicesProps): VNode {
  const { email, devices, now, error } = props;
  const machines = devices.filter(({ kind }) => kind === 'machine');
  const tokens = devices.filter(({ kind }) => kind === 'automation');
  return (
    <Document title="Devices" email={email} section="devices">
      <Intro title="Devices" action={<AddMachine />}>
        Machines that may read your credentials and record sessions. Revoking one takes effect at
        once.
      </Intro>
      {props.done && (
        <p class={`notice ${props.done === 'denied' ? 'warn' : 'good'}`} role="status">
          {done[props.done]}
        </p>
      )}
      <FormNotice error={error} fields={['name', 'days']} />
      {machines.length === 0 ? (
        <NoMachine />
      ) : (
        <Table caption="Machines" columns={columns}>
          {machines.map((device) => (
            <DeviceRow key={device.id} device={device} now={now} />
          ))}
        </Table>
      )}
      <Tokens {...props} tokens={tokens} />
      {devices.filter((device) => isLive(device, now)).length > 1 && <RevokeAll />}
    </Document>
  );
}

const columns = ['Machine', 'State', 'Address', 'Last used', 'Actions'];

function AddMachine(): VNode {
  return (
    <a class="button" href="/device">
      Enter a code
    </a>
  );
}

function NoMachine(): VNode {
  return (
    <Empty title="No machine is signed in">
      <ol class="steps">
        <li>
          In a terminal, run <code>synsc connect login</code>.
        </li>
        <li>
          Enter the code that it shows <a href="/device">on this page</a>.
        </li>
      </ol>
    </Empty>
  );
}

function Tokens(props: DevicesProps & { tokens: readonly Device[] }): VNode {
  const { tokens, proved, now, error } = props;
  return (
    <section class="section" id="tokens" aria-labelledby="tokens-title">
      <h2 id="tokens-title">Tokens for CI</h2>
      <p>
        For machines where nobody can confirm a code. Set one as <code>SYNSC_TOKEN</code>; synsc
        takes it out of the environment of everything that it runs.
      </p>
      {tokens.length > 0 && (
        <Table caption="Tokens for CI" columns={['Token', ...columns.slice(1)]}>
          {tokens.map((device) => (
            <DeviceRow key={device.id} device={device} now={now} />
          ))}
        </Table>
      )}
      {proved ? <TokenForm error={error} /> : <ProofLink to="/devices" what="to make a token" />}
    </section>
  );
}

const lifetimes = ['7', '30', '90', '365'];

function TokenForm({ error }: { error: FormError | undefined }): VNode {
  const refused = error?.field === 'name' || error?.field === 'days';
  return (
    <details open={refused}>
      <summary>New token</summary>
      <form method="post" action="/devices/tokens" class="inline card">
        <Field
          id="token-name"
          name="name"
          label="Where it is used"
          error={fieldError(error, 'name')}
          input={{
            type: 'text',
            autocomplete: 'off',
            required: true,
            maxLength: 100,
            placeholder: 'nightly training on GitHub Actions',
          }}
        />
        <div class="field">
          <label for="token-days">Good for</label>
          <select id="token-days" name="days">
            {lifetimes.map((days) => (
              <option key={days} value={days} selected={days === '30'}>
                {days} days
              </option>
            ))}
          </select>
        </div>
        <button type="submit">Make token</button>
      </form>
    </details>
  );
}

function RevokeAll(): VNode {
  return (
    <section class="section">
      <details>
        <summary>Revoke everything</summary>
        <form method="post" action="/devices/revoke-all">
          <p class="hint">
            Every machine and token above loses its access at once. Sessions that run keep the
            values that they have until they end.
          </p>
          <div class="actions">
            <button type="submit" class="danger">
              Revoke every machine and token
            </button>
          </div>
        </form>
      </details>
    </section>
  );
}

function isLive({ revokedAt, expiresAt }: Device, now: Date): boolean {
  return revokedAt === null && expiresAt > now;
}

function DeviceRow({ device, now }: { device: Device; now: Date }): VNode {
  const { id, name, address, kind, lastUsedAt } = device;
  const live = isLive(device, now);
  return (
    <tr class={live ? undefined : 'past'}>
      <th scope="row">
        {name}
        <span class="sub">
          {kind === 'machine' ? 'signed in' : 'made'} <Age moment={device.createdAt} now={now} />
        </span>
      </th>
      <td data-label="State">
        <DeviceState device={device} live={live} />
      </td>
      <td data-label="Address" class="nowrap">
        {address || '–'}
      </td>
      <td data-label="Last used">{lastUsedAt ? <Age moment={lastUsedAt} now={now} /> : 'never'}</td>
      <td class="act">
        {live && (
          <form method="post" action={`/devices/${encodeURIComponent(id)}/revoke`}>
            <button type="submit" class="danger small">
              Revoke
              <span class="hidden"> {name}</span>
            </button>
          </form>
        )}
      </td>
    </tr>
  );
}

function DeviceState({ device, live }: { device: Device; live: boolean }): VNode {
  const { revokedAt, endedBy, expiresAt, kind } = device;
  if (revokedAt) {
    return (
      <>
        <span class={endedBy.includes('twice') ? 'badge bad' : 'badge'}>Revoked</span>
        {endedBy !== '' && <span class="sub">{endedBy}</span>}
      </>
    );
  }
  if (!live) return <span class="badge">Expired</span>;
  return (
    <>
      <span class="badge good">{kind === 'machine' ? 'Signed in' : 'Active'}</span>
      <span class="sub">
        {kind === 'machine' ? 'if unused, until ' : 'until '}
        <Day moment={expiresAt} />
      </span>
    </>
  );
}
