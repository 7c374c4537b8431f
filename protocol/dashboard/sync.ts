import * as z from 'zod/mini';
import { providerIds } from '../credential.ts';

/** Body of `POST /api/cli/sync`. */
export const syncRequest = z.object({
  /** The session's ephemeral X25519 public key: 32 raw bytes, base64url. */
  publicKey: z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/)),
  /** Id of the session record that the sync belongs to. */
  sessionId: z.optional(z.string().check(z.maxLength(64))),
  /** `version` of the answer that the session holds; when it is still the latest, no value comes. */
  version: z.optional(z.int().check(z.nonnegative())),
});
export type SyncRequest = z.infer<typeof syncRequest>;

/** A value sealed to the session's key; see `sealing.ts`. */
export const sealedCredential = z.object({
  name: z.string(),
  provider: z.enum(providerIds),
  /** Counts up with each change of the slot; values of one provider always share it. */
  version: z.number(),
  /** ISO 8601, UTC. */
  updatedAt: z.string(),
  masked: z.string(),
  /** 12 bytes, base64url. */
  nonce: z.string(),
  /** AES-256-GCM ciphertext and its 16-byte tag, base64url. */
  ciphertext: z.string(),
});
export type SealedCredential = z.infer<typeof sealedCredential>;

/** Answer of `POST /api/cli/sync`; all credentials in it are of one moment. */
export const syncResponse = z.object({
  account: z.object({ id: z.string(), email: z.string() }),
  /** The dashboard's ephemeral X25519 public key: 32 raw bytes, base64url. */
  publicKey: z.string(),
  credentials: z.array(sealedCredential),
  /** Counts up with each change of the account's credentials, which may be newer and never older. */
  version: z.optional(z.number()),
  /** True when the request named the latest version: `credentials` is empty then, and to be ignored. */
  unchanged: z.optional(z.boolean()),
});
export type SyncResponse = z.infer<typeof syncResponse>;

/** Answer of `GET /api/cli/status`. */
export const statusResponse = z.object({
  account: z.object({ id: z.string(), email: z.string() }),
  credentials: z.array(
    z.object({
      name: z.string(),
      provider: z.enum(providerIds),
      masked: z.string(),
      version: z.number(),
      updatedAt: z.string(),
    }),
  ),
});
export type StatusResponse = z.infer<typeof statusResponse>;

/** Body of `POST /api/cli/sessions`; answer `{id}`. */
export const sessionStart = z.object({
  label: z.optional(z.string().check(z.maxLength(200))),
  directory: z.string().check(z.maxLength(4096)),
  hostname: z.string().check(z.maxLength(255)),
});
export type SessionStart = z.infer<typeof sessionStart>;

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

/** Every refusal of the dashboard's JSON routes. */
export const errorResponse = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    hint: z.optional(z.string()),
    field: z.optional(z.string()),
  }),
});
