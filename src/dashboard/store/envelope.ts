import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SynscError } from '../../errors.ts';
import { createKeyFile, readIfThere, rootKey } from './keys.ts';

/** What a stored value belongs to; moved anywhere else it no longer opens. */
interface Place {
  readonly user: string;
  readonly credential: string;
  readonly provider: string;
  readonly field: string;
  readonly version: number;
}

/** As the database holds a value: nonce, ciphertext, tag. */
interface Stored {
  readonly wrappedKey: Buffer;
  readonly sealed: Buffer;
}

/**
 * Envelope encryption: a fresh data key a value and version, wrapped by the user's key, which is a
 * file outside the database, wrapped by the root key.
 */
export interface Envelope {
  seal(place: Place, value: Buffer): Promise<Stored>;
  /** Plain bytes, which the caller overwrites. Throws when the value was changed or moved. */
  open(place: Place, stored: Stored): Promise<Buffer>;
  /** 32 bytes for another purpose, derived from the root key. */
  derive(purpose: string): Buffer;
}

/** `directory`: where the key files are; never inside the database. */
export async function openEnvelope(directory: string): Promise<Envelope> {
  const root = await rootKey(directory);
  return {
    async seal(place, value) {
      const userKey = await keyOf(directory, root, place.user);
      const dataKey = randomBytes(32);
      const wrappedKey = encrypt(userKey, dataKey, associatedData('synsc.dek.v1', place));
      const sealed = encrypt(dataKey, value, associatedData('synsc.cred.v1', place));
      wipe(userKey, dataKey);
      return { wrappedKey, sealed };
    },
    async open(place, { wrappedKey, sealed }) {
      const userKey = await keyOf(directory, root, place.user);
      const dataKey = decrypt(userKey, wrappedKey, associatedData('synsc.dek.v1', place));
      try {
        return decrypt(dataKey, sealed, associatedData('synsc.cred.v1', place));
      } finally {
        wipe(userKey, dataKey);
      }
    },
    derive: (purpose) => Buffer.from(hkdfSync('sha256', root, '', `synsc ${purpose} v1`, 32)),
  };
}

async function keyOf(directory: string, root: Buffer, user: string): Promise<Buffer> {
  if (!/^[0-9a-f-]{36}$/.test(user)) throw new RangeError('not a user id');
  const path = join(directory, 'users', user);
  const context = Buffer.from(JSON.stringify(['synsc.kek.v1', user]));
  const wrapped =
    (await readIfThere(path)) ??
    (await createKeyFile(path, encrypt(root, randomBytes(32), context)));
  return decrypt(root, wrapped, context);
}

function associatedData(format: string, place: Place): Buffer {
  const { user, credential, provider, field, version } = place;
  return Buffer.from(JSON.stringify([format, user, credential, provider, field, version]));
}

function encrypt(key: Buffer, value: Buffer, context: Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(context);
  return Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, bytes: Buffer, context: Buffer): Buffer {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), {
      authTagLength: 16,
    });
    decipher.setAAD(context).setAuthTag(bytes.subarray(-16));
    const value = decipher.update(bytes.subarray(12, -16));
    decipher.final();
    return value;
  } catch (cause) {
    throw new SynscError('INTERNAL', 'a stored value does not open with its key', {
      cause,
      hint: 'restore the keys directory that belongs to this database',
    });
  }
}

function wipe(...keys: Buffer[]): void {
  for (const key of keys) key.fill(0);
}
