import type { VNode } from 'preact';
import type { SessionRecord } from '../../services.ts';
import { Document } from '../document.tsx';
import { CredentialTags, lasted, StateBadge, stateOf } from '../sessionState.tsx';
import { Age } from '../time.tsx';
import { Empty, Intro, Table } from './table.tsx';

export interface SessionsProps {
  readonly email: string;
  readonly sessions: readonly SessionRecord[];
  /** The id of the session that these come before. */
  readonly before?: string | undefined;
  readonly now: Date;
}

/** Sessions of one page. */
const most = 200;

/** The sessions of all machines of the account, kept up to date by `live.js`. */
export function SessionsPage({ email, sessions, before, now }: SessionsProps): VNode {
  const running = sessions.filter((session) => stateOf(session, now) === 'running');
  const past = sessions.filter((session) => stateOf(session, now) !== 'running');
  return (
    <Document title="Sessions" email={email} section="sessions">
      <Intro title="Sessions">
        Each <code>synsc launch</code> on a signed-in machine, and what its commands used. Neither
        commands nor their output are recorded here.
      </Intro>
      <div id="sessions" data-live="/sessions/events">
        {sessions.length === 0 ? (
          before === undefined ? (
            <NoSession />
          ) : (
            <p class="card quiet-card">There are no older sessions.</p>
          )
        ) : (
          <>
            <h2 class="count">
              Running <span class="badge">{running.length}</span>
            </h2>
            {running.length === 0 ? (
              <p class="card quiet-card">No session runs at the moment.</p>
            ) : (
              <SessionTable caption="Running sessions" sessions={running} now={now} />
            )}
            <h2 class="count">
              Past <span class="badge">{past.length}</span>
            </h2>
            {past.length === 0 ? (
              <p class="card quiet-card">Sessions that have ended will be listed here.</p>
            ) : (
              <SessionTable caption="Past sessions" sessions={past} now={now} />
            )}
          </>
        )}
        <Pages sessions={sessions} before={before} />
      </div>
    </Document>
  );
}

function Pages({ sessions, before }: Pick<SessionsProps, 'sessions' | 'before'>): VNode | null {
  const last = sessions.length >= most ? sessions.at(-1) : undefined;
  if (last === undefined && before === undefined) return null;
  return (
    <nav class="pages" aria-label="Pages">
      {before !== undefined && <a href="/sessions">Newest</a>}
      {last !== undefined && <a href={`/sessions?before=${last.id}`}>Older</a>}
    </nav>
  );
}

function NoSession(): VNode {
  return (
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
  );
}

const columns = [
  ...['Session', 'State', 'Machine', 'Started'],
  ...['Commands', 'Redactions', 'Credentials used'],
];

function SessionTable(props: {
  caption: string;
  sessions: readonly SessionRecord[];
  now: Date;
}): VNode {
  return (
    <Table caption={props.caption} columns={columns} even>
      {props.sessions.map((session) => (
        <SessionRow key={session.id} session={session} now={props.now} />
      ))}
    </Table>
  );
}

function SessionRow({ session, now }: { session: SessionRecord; now: Date }): VNode {
  const state = stateOf(session, now);
  return (
    <tr>
      <th scope="row">
        <a href={`/sessions/${session.id}`}>{session.label ?? 'Unnamed session'}</a>
        <span class="sub mono">{session.directory}</span>
      </th>
      <td data-label="State">
        <StateBadge session={session} now={now} />
      </td>
      <td data-label="Machine">{session.hostname}</td>
      <td data-label="Started">
        <Age moment={session.startedAt} now={now} />
        <span class="sub">
          {state === 'running' ? 'for' : 'lasted'} {lasted(session, now)}
        </span>
      </td>
      <td data-label="Commands" class="number">
        {session.commands}
      </td>
      <td data-label="Redactions" class="number">
        {session.redactions}
      </td>
      <td data-label="Credentials used">
        <CredentialTags names={session.credentialsUsed} />
      </td>
    </tr>
  );
}
