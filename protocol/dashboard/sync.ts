import * as z from 'zod/mini';
import { sessionLimits } from './limits.ts';

/** Body of `POST /api/cli/sessions`; answer `{id}`. */
export const sessionStart = z.object({
  label: z.optional(z.string().check(z.maxLength(sessionLimits.label))),
  directory: z.string().check(z.maxLength(sessionLimits.directory)),
  hostname: z.string().check(z.maxLength(sessionLimits.hostname)),
});
export type SessionStart = z.infer<typeof sessionStart>;

/** Body of `POST /api/cli/sync`. */
export const syncRequest = z.object({
  /** The session's ephemeral X25519 public key: 32 raw bytes, base64url. */
  publicKey: z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/)),
  /** Id of the session record that the sync belongs to. */
  sessionId: z.optional(z.string().check(z.maxLength(64))),
  /** `version` of the answer that the session holds; when it is still the latest, no value comes. */
  version: z.optional(z.int().check(z.nonnegative())),
  /**
   * Opens the record of a session on the way, as `POST /api/cli/sessions` does, with whose scope: the answer
   * tells its id. An older dashboard, or one that this token may not ask for it, tells none.
   */
  session: z.optional(sessionStart),
});
export type SyncRequest = z.infer<typeof syncRequest>;

/** Body of `PATCH /api/cli/sessions/ID`: totals so far, and whether the session is over. */
export const sessionUpdate = z.object({
  ended: z.optional(z.boolean()),
  /** Number of commands run. */
  commands: z.optional(z.number().check(z.nonnegative())),
  /** Number of values replaced in output. */
  redactions: z.optional(z.number().check(z.nonnegative())),
  /** Hash of the last entry of the session's audit chain, hex. */
  auditHead: z.optional(z.string().check(z.regex(/^[0-9a-f]{64}$/))),
  /** Names (never values) of the credentials that some command was given. */
  credentialsUsed: z.optional(z.array(z.string().check(z.maxLength(100))).check(z.maxLength(50))),
});
export type SessionUpdate = z.infer<typeof sessionUpdate>;
