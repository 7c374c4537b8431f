/** A secret stretch of a document. */
export interface Part {
  readonly bytes: Buffer;
  readonly publicPrefix: number;
  /** Offsets [start, end) of bytes in the middle that every value of its kind has. */
  readonly common?: readonly [number, number];
  /** No piece of it counts. */
  readonly wholeOnly?: true;
}

const KEY_FIELD = 'private_key';
const SECRET_FIELDS = [
  'private_key_id',
  'client_secret',
  'refresh_token',
  'access_token',
  'id_token',
];
/** The ASN.1 head that every PKCS#8 RSA key shares up to its modulus, in base64 characters. */
const PKCS8_HEAD = 54;
/**
 * Exponent 65537 and the head of the next number, which stand in every RSA key: so many characters in
 * base64, of which these are the first in its three alignments.
 */
const RSA_MIDDLE = 13;
const RSA_MIDDLES = ['AgMBAAEC', 'IDAQABAo', 'CAwEAAQK'];
const NEWLINE = Buffer.from('\n');

/**
 * The secret parts of a service-account JSON document; its public fields (`client_email`,
 * `project_id` …) are no part of it. Works on bytes and returns fresh buffers.
 */
export function secretParts(document: Buffer): Part[] {
  const key = field(document, KEY_FIELD);
  const others = SECRET_FIELDS.flatMap((name) => {
    const escaped = field(document, name);
    return escaped ? [{ bytes: unescaped(escaped), publicPrefix: 0 }] : [];
  });
  return [...(key ? keyParts(key) : []), ...others];
}

/** The key as the document has it, with real line ends, and joined. */
function keyParts(escaped: Buffer): Part[] {
  const plain = unescaped(escaped);
  const parts = [keyPart(bodyOf(escaped, Buffer.from('\\n'))), ...pemParts(plain)];
  plain.fill(0);
  return parts;
}

/** The secret parts of a private key in PEM: its body with line ends, and joined. */
export function pemParts(pem: Buffer): Part[] {
  const body = bodyOf(pem, NEWLINE);
  const lines = split(body);
  const joined = Buffer.concat(lines);
  for (const copy of lines) copy.fill(0);
  return [keyPart(body), keyPart(joined)];
}

function keyPart(bytes: Buffer): Part {
  const isRsa = bytes.subarray(0, 3).equals(Buffer.from('MII'));
  const publicPrefix = isRsa ? Math.min(PKCS8_HEAD, bytes.length) : 0;
  const middles = RSA_MIDDLES.map((middle) => bytes.indexOf(middle, publicPrefix));
  const middle = middles.find((at) => at >= 0);
  if (middle === undefined) return { bytes, publicPrefix };
  return { bytes, publicPrefix, common: [middle - 1, middle + RSA_MIDDLE] };
}

/** What stands between the BEGIN and END lines; the whole text when it has none. */
function bodyOf(text: Buffer, newline: Buffer): Buffer {
  const begin = text.indexOf('-----BEGIN');
  const start = begin < 0 ? -1 : text.indexOf(newline, begin);
  const end = text.indexOf('-----END');
  let body = text.subarray(start < 0 ? 0 : start + newline.length, end < 0 ? text.length : end);
  while (body.length > 0 && body.subarray(-newline.length).equals(newline)) {
    body = body.subarray(0, -newline.length);
  }
  return Buffer.from(body);
}

function split(body: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const end = body.indexOf(NEWLINE, at);
    const line = body.subarray(at, end < 0 ? body.length : end);
    if (line.length > 0) lines.push(Buffer.from(line));
    at = end < 0 ? body.length : end + 1;
  }
  return lines;
}

/** The still escaped text of the first string member called `name`, at any depth. */
function field(document: Buffer, name: string): Buffer | undefined {
  const quoted = `"${name}"`;
  for (let at = document.indexOf(quoted); at >= 0; at = document.indexOf(quoted, at + 1)) {
    const colon = skipBlanks(document, at + quoted.length);
    const open = skipBlanks(document, colon + 1);
    if (document[colon] !== 0x3a || document[open] !== 0x22) continue;
    let end = open + 1;
    while (end < document.length && document[end] !== 0x22) end += document[end] === 0x5c ? 2 : 1;
    return document.subarray(open + 1, end);
  }
  return undefined;
}

function skipBlanks(document: Buffer, from: number): number {
  let at = from;
  while (
    document[at] === 0x20 ||
    document[at] === 0x0a ||
    document[at] === 0x0d ||
    document[at] === 9
  )
    at++;
  return at;
}

const ESCAPES: Readonly<Record<number, number>> = { 110: 0x0a, 114: 0x0d, 116: 0x09 };

/** Undoes the escapes that keys and tokens can hold; `\uXXXX` only below U+0080. */
function unescaped(escaped: Buffer): Buffer {
  const plain = Buffer.alloc(escaped.length);
  let length = 0;
  for (let at = 0; at < escaped.length; at++) {
    const byte = escaped[at] ?? 0;
    const next = escaped[at + 1];
    if (byte !== 0x5c || next === undefined) plain[length++] = byte;
    else if (next === 0x75) {
      plain[length++] = Number.parseInt(escaped.toString('latin1', at + 4, at + 6), 16);
      at += 5;
    } else {
      plain[length++] = ESCAPES[next] ?? next;
      at++;
    }
  }
  return plain.subarray(0, length);
}
