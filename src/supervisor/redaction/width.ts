/** Bytes of a character by its first one (RFC 3629 §3); what is no first byte counts by itself. */
export function lengthOf(first: number): number {
  if (first < 0xc0) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

/** Bytes at the end that begin a character and lack its rest. */
export function unfinished(bytes: Uint8Array): number {
  for (let count = 1; count <= Math.min(3, bytes.length); count += 1) {
    const byte = bytes[bytes.length - count] as number;
    if (byte >= 0xc0) return lengthOf(byte) > count ? count : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

/** Code points that terminals show two cells wide (Unicode 15, East Asian Wide and emoji), in pairs. */
const wide = [
  0x1100, 0x115f, 0x2e80, 0x303e, 0x3041, 0xa4cf, 0xa960, 0xa97f, 0xac00, 0xd7a3, 0xf900, 0xfaff,
  0xfe30, 0xfe6f, 0xff00, 0xff60, 0xffe0, 0xffe6, 0x1f300, 0x1f64f, 0x1f680, 0x1f6ff, 0x1f900,
  0x1f9ff, 0x1fa70, 0x1faff, 0x20000, 0x3fffd,
];

/** Cells of the character that begins at `at`; a byte inside a character takes none. */
export function cellsOf(raw: Buffer, at: number): number {
  const first = raw[at] as number;
  if (first < 0x80) return 1;
  if (first < 0xc0) return 0;
  const point = raw.toString('utf8', at, at + lengthOf(first)).codePointAt(0) ?? 0;
  for (let pair = 0; pair < wide.length; pair += 2) {
    if (point >= (wide[pair] as number) && point <= (wide[pair + 1] as number)) return 2;
  }
  return 1;
}
