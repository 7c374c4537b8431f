import type { VNode } from 'preact';
import { catalog } from '../../../provider/catalog.ts';
import type { AuditEntry } from '../../services.ts';
import { Document } from '../document.tsx';
import { Moment } from '../time.tsx';
import { Empty, Intro, Table } from './table.tsx';

/** The actions that the dashboard records, in words. */
const actions: ReadonlyMap<string, string> = new Map([
  ['account.create', 'Account created'],
  ['account.sign-in', 'Sign-in'],
  ['credential.set', 'Credential saved'],
  ['credential.delete', 'Credential deleted'],
  ['device.approve', 'Machine approved'],
  ['device.deny', 'Machine denied'],
  ['token.issue', 'Machine signed in'],
  ['token.revoke', 'Machine signed out'],
  ['sync', 'Credentials synced'],
]);

/** What happened in the account, newest first; entries never hold a value. */
export function AuditPage(props: { email: string; entries: readonly AuditEntry[] }): VNode {
  return (
    <Document title="Audit" email={props.email} section="audit">
      <Intro title="Audit">
        Sign-ins, changes of credentials and every sync of a machine: the last 200, newest first.
      </Intro>
      {props.entries.length === 0 ? (
        <Empty title="Nothing has happened yet">
          <p>
            Store a first value on the <a href="/credentials">credentials page</a>; it will show up
            here.
          </p>
        </Empty>
      ) : (
        <Table caption="Audit log" columns={['Action', 'Target', 'Outcome', 'Address', 'Time']}>
          {props.entries.map((entry, index) => (
            <AuditRow key={index} entry={entry} />
          ))}
        </Table>
      )}
    </Document>
  );
}

function AuditRow({ entry }: { entry: AuditEntry }): VNode {
  const provider = catalog.find(({ id }) => id === entry.target);
  return (
    <tr>
      <th scope="row" title={entry.action}>
        {actions.get(entry.action) ?? entry.action}
      </th>
      <td data-label="Target">{provider?.title ?? entry.target}</td>
      <td data-label="Outcome">{entry.outcome}</td>
      <td data-label="Address">{entry.address}</td>
      <td data-label="Time">
        <Moment moment={entry.at} />
      </td>
    </tr>
  );
}
