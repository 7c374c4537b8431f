import type { VNode } from 'preact';
import type { Device } from '../../services.ts';
import { Document } from '../document.tsx';
import { type FormError, FormNotice } from '../field.tsx';
import { Age } from '../time.tsx';
import { Empty, Intro, Table } from './table.tsx';

export type Decided = 'approve' | 'deny';

const decisions: Readonly<Record<Decided, string>> = {
  approve: 'Approved. Go back to your terminal: it is signed in within a few seconds.',
  deny: 'Denied. That machine got nothing.',
};

export interface DevicesProps {
  readonly email: string;
  readonly devices: readonly Device[];
  readonly now: Date;
  /** The decision that was just taken about a machine. */
  readonly decided?: Decided;
  readonly error?: FormError;
}

/** The machines that are or were signed in to this account. */
export function DevicesPage({ email, devices, now, decided, error }: DevicesProps): VNode {
  return (
    <Document title="Devices" email={email} section="devices">
      <Intro title="Devices">
        Machines that are signed in to your account. A revoked one can no longer read credentials.
        {devices.length > 0 && (
          <>
            {' '}
            To add one, run <code>synsc connect login</code> there and{' '}
            <a href="/device">enter its code</a>.
          </>
        )}
      </Intro>
      {decided && (
        <p class={`notice ${decided === 'approve' ? 'good' : 'warn'}`} role="status">
          {decisions[decided]}
        </p>
      )}
      <FormNotice error={error} fields={[]} />
      {devices.length === 0 ? (
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
      ) : (
        <Table caption="Devices" columns={['Machine', 'State', 'Address', 'Last used', 'Actions']}>
          {devices.map((device) => (
            <DeviceRow key={device.id} device={device} now={now} />
          ))}
        </Table>
      )}
    </Document>
  );
}

function DeviceRow({ device, now }: { device: Device; now: Date }): VNode {
  const active = !device.revoked && device.expiresAt > now;
  return (
    <tr>
      <th scope="row">
        {device.name}
        <span class="sub">
          signed in <Age moment={device.createdAt} now={now} />
        </span>
      </th>
      <td data-label="State">
        <span class={active ? 'badge good' : 'badge'}>
          {active ? 'Signed in' : device.revoked ? 'Revoked' : 'Expired'}
        </span>
      </td>
      <td data-label="Address">{device.address}</td>
      <td data-label="Last used">
        {device.lastUsedAt ? <Age moment={device.lastUsedAt} now={now} /> : 'never'}
      </td>
      <td>
        {active && (
          <form method="post" action={`/devices/${encodeURIComponent(device.id)}/revoke`}>
            <button type="submit" class="danger small">
              Revoke<span class="hidden"> {device.name}</span>
            </button>
          </form>
        )}
      </td>
    </tr>
  );
}
