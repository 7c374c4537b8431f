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
