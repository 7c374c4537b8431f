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

/** A moment as its age, which `live.js` keeps true; the exact time, in UTC, is its tooltip. */
export function Age({ moment, now }: { moment: Date; now: Date }): VNode {
  return (
    <time dateTime={moment.toISOString()} title={exact(moment)} data-age>
      {age(moment, now)}
    </time>
  );
}

/** A day, in UTC; the exact time is its tooltip. */
export function Day({ moment }: { moment: Date }): VNode {
  return (
    <time dateTime={moment.toISOString()} title={exact(moment)}>
      {moment.toISOString().slice(0, 10)}
    </time>
  );
}

/** How long something took: `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`. */
export function duration(from: Date, to: Date): string {
  const seconds = Math.max(0, Math.round((to.getTime() - from.getTime()) / 1000));
  if (seconds < 60) return `${seconds} s`;
  const parts = units
    .map(([unit, length], index) => {
      const above = units[index - 1]?.[1] ?? Number.POSITIVE_INFINITY;
      return { unit, count: Math.floor((seconds % above) / length) };
    })
    .filter(({ count }) => count > 0);
  return parts
    .slice(0, 2)
    .map(({ unit, count }) => `${count} ${unit}`)
    .join(' ');
}

/** To the second, in UTC. */
export function exact(moment: Date): string {
  return `${moment.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
