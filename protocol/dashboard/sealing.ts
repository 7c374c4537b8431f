import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

/**
 * Values travel sealed to the session's own key, so that TLS, HTTP and JSON buffers on both sides
 * hold ciphertext only: X25519 (RFC 7748), HKDF-SHA256 (RFC 5869) over both public keys,
 * AES-256-GCM with account, name and version as associated data.
 */
export interface SealingKeys {
  readonly privateKey: KeyObject;
  /** 32 raw bytes, base64url. */
  readonly publicKey: string;
}

export interface Sealed {
  readonly nonce: string;
  readonly ciphertext: string;
}

/** What a sealed value belongs to; a value opened for anything else is refused. */
export interface SealingContext {
  readonly accountId: string;
  readonly name: string;
  readonly version: number;
}

export function generateSealingKeys(): SealingKeys {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return { privateKey, publicKey: publicKey.export({ format: 'jwk' }).x ?? '' };
}

/**
 * The key that both sides share, 32 bytes; the caller overwrites it after use.
 * Throws when `theirs` is not an X25519 public key.
 */
export function sharedKey(
  mine: SealingKeys,
  theirs: string,
  side: 'session' | 'dashboard',
): Buffer {
  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'X25519', x: theirs },
    format: 'jwk',
  });
  const secret = diffieHellman({ privateKey: mine.privateKey, publicKey });
  const [session, dashboard] =
    side === 'session' ? [mine.publicKey, theirs] : [theirs, mine.publicKey];
  const key = Buffer.from(
    hkdfSync('sha256', secret, '', `synsc sync v1 ${session} ${dashboard}`, 32),
  );
  secret.fill(0);
  return key;
}

export function seal(key: Buffer, value: Buffer, context: SealingContext): Sealed {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associatedData(context));
  const ciphertext = Buffer.concat([cipher.update(value), cipher.final(), cipher.getAuthTag()]);
  return { nonce: nonce.toString('base64url'), ciphertext: ciphertext.toString('base64url') };
}

/** Bytes that are opened at a time. */
const openedAtOnce = 16;

/**
 * The value, in memory of `allocate`. Throws when it was changed, or sealed for another account, name
 * or version. It is opened in pieces: what the cipher has freed can't be overwritten, and no copy of the
 * value shall stand there.
 */
export function open(
  key: Buffer,
  sealed: Sealed,
  context: SealingContext,
  allocate: (size: number) => Buffer = Buffer.alloc,
): Buffer {
  const bytes = Buffer.from(sealed.ciphertext, 'base64url');
  const nonce = Buffer.from(sealed.nonce, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
  decipher.setAAD(associatedData(context)).setAuthTag(bytes.subarray(-16));
  const text = bytes.subarray(0, -16);
  const value = allocate(text.length);
  for (let at = 0; at < text.length; at += openedAtOnce) {
    const piece = decipher.update(text.subarray(at, at + openedAtOnce));
    piece.copy(value, at);
    piece.fill(0);
  }
  decipher.final();
  return value;
}

function associatedData({ accountId, name, version }: SealingContext): Buffer {
  return Buffer.from(JSON.stringify(['synsc.sync.v1', accountId, name, version]));
}
