import { createHash } from 'node:crypto';
import type { AuditEntry } from './auditEntry.ts';

/** `previous` of the first entry. */
export const auditStart = '0'.repeat(64);

/** In this order: SHA-256 of their JSON array, with null for what is absent. */
const hashed = [
  'sequence',
  'time',
  'event',
  'processId',
  'program',
  'rule',
  'given',
  'withheld',
  'names',
  'outcome',
  'redactions',
  'argumentsHash',
  'arguments',
  'previous',
] as const satisfies readonly (keyof AuditEntry)[];

export function auditHash(entry: Omit<AuditEntry, 'hash'>): string {
  const values = hashed.map((field) => entry[field] ?? null);
  return createHash('sha256').update(JSON.stringify(values)).digest('hex');
}

/** Whether entries follow each other, are as they were written, and end with `head`. */
export function auditHolds(entries: readonly AuditEntry[], head: string): boolean {
  const [first] = entries;
  if (first === undefined) return head === auditStart;
  if (first.sequence === 0 && first.previous !== auditStart) return false;
  let { sequence, previous } = first;
  for (const entry of entries) {
    const follows = entry.sequence === sequence && entry.previous === previous;
    if (!follows || auditHash(entry) !== entry.hash) return false;
    sequence += 1;
    previous = entry.hash;
  }
  return previous === head;
}
