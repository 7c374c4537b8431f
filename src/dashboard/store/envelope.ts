import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { SynscError } from '../../errors.ts';
import { decrypt, encrypt, wipe } from './cipher.ts';
import type { Keyring } from './keyring.ts';

/** What a stored value of a user belongs to; moved anywhere else it no longer opens. */
interface Place {
  readonly credential: string;
  readonly provider: string;
  readonly field: string;
  readonly version: number;
}

/** As the database holds a value: nonce, ciphertext, tag. */
interface Stored {
  readonly wrappedKey: Uint8Array;
  readonly sealed: Uint8Array;
}

/** What one user's key does while it is in memory. */
export interface UserEnvelope {
  seal(place: Place, value: Buffer): Stored;
  /** Plain bytes, which the caller overwrites. Throws when the value was changed or moved. */
  open(place: Place, stored: Stored): Buffer;
  /** Tells values of a field apart, and nothing else about them: without the user's key it is noise. */
  fingerprint(place: Place, value: Buffer): string;
}

/**
 * Envelope encryption: a fresh data key a value and version, wrapped by the user's key, which is a
 * file outside the database, wrapped by the root key.
 */
export interface Envelope {
  /** Lends the user's key to `body`, made when it is missing, and overwrites it after. */
  toSeal<T>(user: string, body: (box: UserEnvelope) => Promise<T>): Promise<T>;
  /** As `toSeal`; without a key nothing opens. */
  toOpen<T>(user: string, body: (box: UserEnvelope) => Promise<T>): Promise<T>;
}

export function envelope(keyring: Keyring): Envelope {
  return {
    async toSeal(user, body) {
      const key = await keyring.findOrCreate(user);
      try {
        return await body(boxOf(user, key));
      } finally {
        wipe(key);
      }
    },
    async toOpen(user, body) {
      const key = await keyring.find(user);
      try {
        return await body(boxOf(user, key));
      } finally {
        if (key) wipe(key);
      }
    },
  };
}

function boxOf(user: string, userKey: Buffer | undefined): UserEnvelope {
  const context = (format: string, { credential, provider, field, version }: Place) =>
    Buffer.from(JSON.stringify([format, user, credential, provider, field, version]));
  return {
    seal(place, value) {
      if (!userKey) throw unopened();
      const dataKey = randomBytes(32);
      const wrappedKey = encrypt(userKey, dataKey, context('synsc.dek.v1', place));
      const sealed = encrypt(dataKey, value, context('synsc.cred.v1', place));
      wipe(dataKey);
      return { wrappedKey, sealed };
    },
    open(place, stored) {
      if (!userKey) throw unopened();
      try {
        const wrapped = Buffer.from(stored.wrappedKey);
        const dataKey = decrypt(userKey, wrapped, context('synsc.dek.v1', place));
        try {
          return decrypt(dataKey, Buffer.from(stored.sealed), context('synsc.cred.v1', place));
        } finally {
          wipe(dataKey);
        }
      } catch (cause) {
        throw unopened(cause);
      }
    },
    fingerprint({ provider, field }, value) {
      if (!userKey) throw unopened();
      const key = Buffer.from(hkdfSync('sha256', userKey, '', 'synsc fingerprint v1', 32));
      const mac = createHmac('sha256', key).update(`${provider} ${field} `).update(value).digest();
      wipe(key);
      return mac.toString('hex', 0, 4);
    },
  };
}

function unopened(cause?: unknown): SynscError {
  return new SynscError('SYNC_FAILED', 'a stored value does not open with its key', {
    cause,
    hint: 'enter the credential again in the dashboard; if all fail, restore the keys directory that belongs to this database',
  });
}
