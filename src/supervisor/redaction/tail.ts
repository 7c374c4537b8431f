import { KEPT } from './canonical.ts';
import type { ParsedText } from './parser.ts';

/** Characters that a value is usually made of; a tail that ends in any other is never held for long. */
const TOKEN = new Uint8Array(256);
for (const byte of Buffer.from(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_.-%&;#',
)) {
  TOKEN[byte] = 1;
}

/** Whether all of a value's bytes are such. */
export function isToken(bytes: Uint8Array): boolean {
  return bytes.every((byte) => TOKEN[byte] === 1);
}

/** Raw length of the token characters at the end of plain text, at most `most` of them; quotes may lie between. */
export function plainTail(raw: Buffer, most: number): number {
  let count = 0;
  let start = raw.length;
  for (let at = raw.length - 1; at >= 0 && count < most; at -= 1) {
    const byte = raw[at] as number;
    if (TOKEN[byte] === 1) {
      count += 1;
      start = at;
    } else if ((byte <= 0x20 && byte > 0) || KEPT[byte] === 1) break;
  }
  return raw.length - start;
}

/** Raw offset of the token characters at the end of a canonical stream; its raw end when there are none. */
export function canonicalTail(text: ParsedText, most: number, end: number): number {
  let first = text.length;
  const low = Math.max(text.broken, text.length - most);
  while (first > low && TOKEN[text.bytes[first - 1] as number] === 1) first -= 1;
  if (first < text.length) return text.beginOf(first);
  return text.pending < 0 ? end : text.pending;
}

/** Raw offset from which `most` canonical bytes of plain text stand before `end`, at most `limit` bytes back. */
export function historyStart(raw: Buffer, end: number, most: number, limit: number): number {
  let count = 0;
  let at = end;
  const low = Math.max(0, end - limit);
  while (at > low && count < most) {
    at -= 1;
    count += KEPT[raw[at] as number] as number;
  }
  return at;
}
