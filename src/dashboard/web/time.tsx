import type { VNode } from 'preact';

const units: readonly (readonly [unit: string, seconds: number])[] = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
];

/** How long ago, in the largest whole unit: `2 h ago`; under a minute, or in the future: `just now`. */
function age(moment: Date, now: Date): string {
  const seconds = (now.getTime() - moment.getTime()) / 1000;
  for (const [unit, length] of units) {
    if (seconds >= length) return `${Math.floor(seconds / length)} ${unit} ago`;
  }
  return 'just now';
}

/** A moment as its age; the exact time, in UTC, is its tooltip. */
export function Age({ moment, now }: { moment: Date; now: Date }): VNode {
  return (
    <time dateTime={moment.toISOString()} title={exact(moment)}>
      {age(moment, now)}
    </time>
  );
}

/** A moment to the second, in UTC. */
export function Moment({ moment }: { moment: Date }): VNode {
  return <time dateTime={moment.toISOString()}>{exact(moment)}</time>;
}

function exact(moment: Date): string {
  return `${moment.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
