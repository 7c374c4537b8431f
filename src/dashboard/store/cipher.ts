import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** AES-256-GCM: nonce (12 bytes), ciphertext, tag (16). `context` is bound, not stored. */
export function encrypt(key: Buffer, value: Buffer, context: Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(context);
  return Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
}

/** Throws when key or context is another one, or a bit was changed. */
export function decrypt(key: Buffer, bytes: Buffer, context: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), {
    authTagLength: 16,
  });
  decipher.setAAD(context).setAuthTag(bytes.subarray(-16));
  const value = decipher.update(bytes.subarray(12, -16));
  decipher.final();
  return value;
}

export function wipe(...keys: readonly Buffer[]): void {
  for (const key of keys) key.fill(0);
}
