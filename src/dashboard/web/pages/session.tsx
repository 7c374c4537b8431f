import type { VNode } from 'preact';
import type { SessionRecord } from '../../services.ts';
import { Document } from '../document.tsx';
import { CredentialTags, lasted, StateBadge, stateOf } from '../sessionState.tsx';
import { Age, exact } from '../time.tsx';

export interface SessionProps {
  readonly email: string;
  readonly session: SessionRecord;
  readonly now: Date;
}

/** One session, while it runs and afterwards. */
export function SessionPage({ email, session, now }: SessionProps): VNode {
  const title = session.label ?? 'Unnamed session';
  return (
    <Document title={title} email={email} section="sessions">
      <p class="crumbs">
        <a href="/sessions">Sessions</a>
      </p>
      <div id="session" data-live="/sessions/events">
        <div class="intro">
          <div>
            <h1>{title}</h1>
            <p class="mono">{session.directory}</p>
          </div>
          <div class="state">
            <StateBadge session={session} now={now} />
          </div>
        </div>
        <Figures session={session} now={now} />
        <section class="card">
          <h2>When and where</h2>
          <dl class="facts">
            <dt>Machine</dt>
            <dd>{session.hostname}</dd>
            <dt>Started</dt>
            <dd>
              {exact(session.startedAt)} · <Age moment={session.startedAt} now={now} />
            </dd>
            <End session={session} now={now} />
            <dt>Credentials used</dt>
            <dd>
              <CredentialTags names={session.credentialsUsed} />
            </dd>
          </dl>
        </section>
        <Chain session={session} now={now} />
      </div>
    </Document>
  );
}

function Figures({ session, now }: { session: SessionRecord; now: Date }): VNode {
  const figures = {
    'Commands run': session.commands,
    'Values redacted': session.redactions,
    'Credentials used': session.credentialsUsed.length,
    [stateOf(session, now) === 'running' ? 'Running for' : 'Lasted']: lasted(session, now),
  };
  return (
    <dl class="figures">
      {Object.entries(figures).map(([name, figure]) => (
        <div key={name} class="card">
          <dt>{name}</dt>
          <dd>{figure}</dd>
        </div>
      ))}
    </dl>
  );
}

function End({ session, now }: { session: SessionRecord; now: Date }): VNode | null {
  const state = stateOf(session, now);
  if (state === 'running') return null;
  const moment = session.endedAt ?? session.lastSeenAt;
  return (
    <>
      <dt>{state === 'ended' ? 'Ended' : 'Last heard'}</dt>
      <dd>
        {exact(moment)} · <Age moment={moment} now={now} />
        {state === 'lost' && (
          <p class="hint">
            It did not say that it ended: it was killed, or its machine is asleep or offline. What
            it was given ended with it.
          </p>
        )}
      </dd>
    </>
  );
}

/** Why the hash of the end of its chain is not known. */
const headless = {
  running: 'The hash of its end will stand here.',
  ended: 'It did not tell the hash of its end.',
  lost: 'It is not known how it ended.',
} as const;

/** What the session's own record of each command ends in. */
function Chain({ session, now }: { session: SessionRecord; now: Date }): VNode {
  const day = (moment: Date) => moment.toISOString().slice(0, 10);
  const until = day(session.endedAt ?? session.lastSeenAt);
  return (
    <section class="card">
      <h2>Audit</h2>
      {session.auditHead === null ? (
        <p>
          The session keeps a chain of what each command was given: <code>synsc audit</code> shows
          it while it runs. {headless[stateOf(session, now)]}
        </p>
      ) : (
        <>
          <p>
            The chain that <code>synsc audit</code> showed in the session ends in this hash. A copy
            of the chain that ends in another one is not the whole of it.
          </p>
          <p class="hash">
            <code>{session.auditHead}</code>
          </p>
        </>
      )}
      <p>
        <a href={`/audit?since=${day(session.startedAt)}&until=${until}`}>
          What happened in your account meanwhile
        </a>
      </p>
    </section>
  );
}
