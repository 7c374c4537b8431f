import { providerIds } from '../credential.ts';
import { boolean, list, number, object, oneOf, optional, type Shaped, string } from '../shape.ts';

/** A value sealed to the session's key; see `sealing.ts`. */
export const sealedCredential = object({
  name: string,
  provider: oneOf(providerIds),
  /** Counts up with each change of the slot; values of one provider always share it. */
  version: number,
  /** ISO 8601, UTC. */
  updatedAt: string,
  masked: string,
  /** 12 bytes, base64url. */
  nonce: string,
  /** AES-256-GCM ciphertext and its 16-byte tag, base64url. */
  ciphertext: string,
});
export type SealedCredential = Shaped<typeof sealedCredential>;

/** Answer of `POST /api/cli/sync`; all credentials in it are of one moment. */
export const syncResponse = object({
  account: object({ id: string, email: string }),
  /** The dashboard's ephemeral X25519 public key: 32 raw bytes, base64url. */
  publicKey: string,
  credentials: list(sealedCredential),
  /** Counts up with each change of the account's credentials, which may be newer and never older. */
  version: optional(number),
  /** True when the request named the latest version: `credentials` is empty then, and to be ignored. */
  unchanged: optional(boolean),
  /** The record that the request asked for. */
  session: optional(object({ id: string })),
});
export type SyncResponse = Shaped<typeof syncResponse>;

/** Answer of `GET /api/cli/status`. */
export const statusResponse = object({
  account: object({ id: string, email: string }),
  credentials: list(
    object({
      name: string,
      provider: oneOf(providerIds),
      masked: string,
      version: number,
      updatedAt: string,
    }),
  ),
});
export type StatusResponse = Shaped<typeof statusResponse>;

/** Every refusal of the dashboard's JSON routes. */
export const errorResponse = object({
  error: object({
    code: string,
    message: string,
    hint: optional(string),
    field: optional(string),
  }),
});
