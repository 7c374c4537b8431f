import type { VNode } from 'preact';
import type { AuditEntry } from '../../services.ts';
import { Document } from '../document.tsx';
import { Moment } from '../time.tsx';
import { Empty, Intro, Table } from './table.tsx';

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
  return (
    <tr>
      <th scope="row">{entry.action}</th>
      <td data-label="Target">{entry.target}</td>
      <td data-label="Outcome">{entry.outcome}</td>
      <td data-label="Address">{entry.address}</td>
      <td data-label="Time">
        <Moment moment={entry.at} />
      </td>
    </tr>
  );
}
