import type { Span } from './table.ts';

/** Overlapping spans as one. */
export interface Stretch {
  readonly name: string;
  readonly start: number;
  end: number;
  readonly payload: boolean;
  /** Those in a title, link or clipboard sequence where this is on the line, and the other way round. */
  readonly others: Span[];
  /** Up to where it is one for certain. */
  certain: number;
  open: boolean;
}

/** Of spans by start. */
export function stretchesOf(spans: readonly Span[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const span of spans) {
    const last = stretches.at(-1);
    if (last && span.start < last.end) {
      if (span.payload !== last.payload) last.others.push(span);
      if (span.end > last.end) last.open = span.open;
      last.end = Math.max(last.end, span.end);
      last.certain = Math.max(last.certain, span.certain);
      if (span.end === last.end) last.open ||= span.open;
    } else stretches.push(stretchOf(span));
  }
  return stretches;
}

function stretchOf({ name, start, end, payload, certain, open }: Span): Stretch {
  return { name, start, end, payload, others: [], certain, open };
}
