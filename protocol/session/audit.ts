import { createHash } from 'node:crypto';
import * as z from 'zod/mini';

/** What happened in a session. Names only, never a value. */
export const auditEvents = [
  'session',
  'spawn',
  'decision',
  'exit',
  'authorization',
  'sync',
  'pair',
] as const;

/** One entry of the chain; each holds the hash of the one before. */
export const auditEntry = z.object({
  /** Counts from 0. */
  sequence: z.number(),
  /** ISO 8601, UTC. */
  time: z.string(),
  event: z.enum(auditEvents),
  processId: z.optional(z.string()),
  program: z.optional(z.string()),
  rule: z.optional(z.string()),
  given: z.optional(z.array(z.string())),
  withheld: z.optional(z.array(z.string())),
  /** Names that an authorisation or a sync was about. */
  names: z.optional(z.array(z.string())),
  /** How it went: `approved`, an error's code, `7`, `SIGTERM`. */
  outcome: z.optional(z.string()),
  redactions: z.optional(z.number()),
  /** HMAC-SHA256 of the argument list under a key that only the session has. */
  argumentsHash: z.optional(z.string()),
  /** Redacted; only with `{"audit": {"arguments": true}}` in the settings. */
  arguments: z.optional(z.string()),
  previous: z.string(),
  hash: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntry>;

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
