import { hexByte } from './hex.ts';
import { type Part, pemParts } from './serviceAccount.ts';

/**
 * The secret parts of a value that is more than a token, whatever slot it is in: a private key in PEM, an
 * address with a password. Undefined for all others. Works on bytes and returns fresh buffers.
 */
export function shapedParts(value: Buffer): Part[] | undefined {
  if (value.includes('-----BEGIN') && value.includes('PRIVATE KEY-----')) return pemParts(value);
  const password = passwordIn(value);
  if (password === undefined) return undefined;
  return [
    { bytes: Buffer.from(value), publicPrefix: 0, wholeOnly: true },
    { bytes: Buffer.from(password), publicPrefix: 0 },
    ...(password.includes('%') ? [{ bytes: percentDecoded(password), publicPrefix: 0 }] : []),
  ];
}

/** The password of `scheme://user:password@host`. */
function passwordIn(value: Buffer): Buffer | undefined {
  const start = value.indexOf('://');
  if (start < 1) return undefined;
  const slash = value.indexOf('/', start + 3);
  const authority = value.subarray(start + 3, slash < 0 ? value.length : slash);
  const at = authority.lastIndexOf('@');
  const colon = authority.indexOf(':');
  return colon >= 0 && colon + 1 < at ? authority.subarray(colon + 1, at) : undefined;
}

function percentDecoded(bytes: Buffer): Buffer {
  const decoded = Buffer.alloc(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const code = bytes[at] === 0x25 ? hexByte(bytes, at + 1) : undefined;
    decoded[length++] = code ?? (bytes[at] as number);
    if (code !== undefined) at += 2;
  }
  return decoded.subarray(0, length);
}

/** How many leading bytes of a value all values of its shape share, or its owner chose as its name. */
export function publicHead(value: Buffer): number {
  return Math.max(0, ...heads.map((head) => head(value)));
}

const startsWith = (value: Buffer, text: string) =>
  value.subarray(0, text.length).equals(Buffer.from(text));

const heads: readonly ((value: Buffer) => number)[] = [
  // a signed token (RFC 7519): its algorithm, and the name of the first claim
  (value) => {
    const dot = startsWith(value, 'eyJ') ? value.indexOf('.') : -1;
    return dot < 0 ? 0 : Math.min(dot + 1 + 12, value.length);
  },
  // a session token of AWS: its origin and region, and how each signature begins
  (value) => {
    if (!sessionTokens.some((head) => startsWith(value, head))) return 0;
    const region = value.subarray(0, 40).indexOf('/wEa');
    return region < 0 ? 17 : Math.min(region + 32, value.length);
  },
  // a key of Lambda Cloud, `secret_NAME_HEX.REST`: its name
  (value) => {
    const start = value.indexOf('.') - 32;
    const named = startsWith(value, 'secret_') && start > 7 && value[start - 1] === 0x5f;
    return named ? start : 0;
  },
];
const sessionTokens = ['IQoJb3JpZ2luX2Vj', 'FwoGZXIvYXdz', 'FQoGZXIvYXdz'];
