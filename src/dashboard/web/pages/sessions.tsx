import type { VNode } from 'preact';
import type { SessionRecord } from '../../services.ts';
import { Document } from '../document.tsx';
import { Age } from '../time.tsx';
import { Empty, Intro, Table } from './table.tsx';

/** Milliseconds without a sign of life after which a session no longer counts as running. */
const silence = 5 * 60_000;

export interface SessionsProps {
  readonly email: string;
  readonly sessions: readonly SessionRecord[];
  readonly now: Date;
}

/** The sessions of all machines of the account. */
export function SessionsPage({ email, sessions, now }: SessionsProps): VNode {
  return (
    <Document title="Sessions" email={email} section="sessions">
      <Intro title="Sessions">
        Each <code>synsc launch</code> on a signed-in machine, and what its commands used.
      </Intro>
      {sessions.length === 0 ? (
        <Empty title="No session yet">
          <ol class="steps">
            <li>
              Store a credential on the <a href="/credentials">credentials page</a>.
            </li>
            <li>
              Sign a machine in with <code>synsc connect login</code>.
            </li>
            <li>
              Start an agent or a shell with <code>synsc launch -- COMMAND</code>.
            </li>
          </ol>
        </Empty>
      ) : (
        <Table
          caption="Sessions"
          columns={['Session', 'State', 'Machine', 'Started', 'Commands', 'Redactions', 'Used']}
        >
          {sessions.map((session) => (
            <SessionRow key={session.id} session={session} now={now} />
          ))}
        </Table>
      )}
    </Document>
  );
}

function SessionRow({ session, now }: { session: SessionRecord; now: Date }): VNode {
  return (
    <tr>
      <th scope="row">
        {session.label ?? 'Unnamed session'}
        <span class="sub">{session.directory}</span>
        {session.auditHead === null ? null : (
          <span class="sub" title={session.auditHead}>
            audit {session.auditHead.slice(0, 16)}…
          </span>
        )}
      </th>
      <td data-label="State">
        <State session={session} now={now} />
      </td>
      <td data-label="Machine">{session.hostname}</td>
      <td data-label="Started">
        <Age moment={session.startedAt} now={now} />
      </td>
      <td data-label="Commands">{session.commands}</td>
      <td data-label="Redactions">{session.redactions}</td>
      <td data-label="Used">
        {session.credentialsUsed.length === 0 ? (
          'none'
        ) : (
          <span class="names">{session.credentialsUsed.join(', ')}</span>
        )}
      </td>
    </tr>
  );
}

function State({ session, now }: { session: SessionRecord; now: Date }): VNode {
  if (session.endedAt) return <span class="badge">Ended</span>;
  const heard = now.getTime() - session.lastSeenAt.getTime() < silence;
  return heard ? (
    <span class="badge good">Running</span>
  ) : (
    <span class="badge warn">No contact</span>
  );
}
