import type { VNode } from 'preact';
import type { SessionRecord } from '../services.ts';
import { Age, duration } from './time.tsx';

/** Milliseconds without a sign of life after which a session counts as lost; one comes each minute. */
const silence = 3 * 60_000;

type State = 'running' | 'ended' | 'lost';

/** A session that says nothing any more was killed, or its machine is asleep or offline. */
export function stateOf({ endedAt, lastSeenAt }: SessionRecord, now: Date): State {
  if (endedAt) return 'ended';
  return now.getTime() - lastSeenAt.getTime() < silence ? 'running' : 'lost';
}

/** How long it ran, or has been running. */
export function lasted(session: SessionRecord, now: Date): string {
  const end = stateOf(session, now) === 'lost' ? session.lastSeenAt : now;
  return duration(session.startedAt, session.endedAt ?? end);
}

/** Whether it runs, and since when not. */
export function StateBadge({ session, now }: { session: SessionRecord; now: Date }): VNode {
  if (stateOf(session, now) === 'running') return <span class="badge good live">Running</span>;
  if (session.endedAt) {
    return (
      <>
        <span class="badge">Ended</span>
        <span class="sub">
          <Age moment={session.endedAt} now={now} />
        </span>
      </>
    );
  }
  return (
    <>
      <span class="badge warn">Lost</span>
      <span class="sub">
        last heard <Age moment={session.lastSeenAt} now={now} />
      </span>
    </>
  );
}

/** Names of variables. */
export function CredentialTags({ names }: { names: readonly string[] }): VNode {
  if (names.length === 0) return <>none</>;
  return (
    <>
      {names.map((name) => (
        <code key={name} class="tag">
          {name}
        </code>
      ))}
    </>
  );
}
