/** What a hex digit stands for, by its code; undefined for everything else. */
const DIGITS: readonly (number | undefined)[] = Array.from({ length: 256 }, (_, code) => {
  const digit = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? undefined : digit;
});

/** The byte that the two hex digits at an offset stand for; undefined where there are none. */
export function hexByte(bytes: Uint8Array, at: number): number | undefined {
  const high = DIGITS[bytes[at] as number];
  const low = DIGITS[bytes[at + 1] as number];
  return high === undefined || low === undefined ? undefined : 16 * high + low;
}

/** Whether bytes are hex digits and nothing else. */
export function isHex(bytes: Uint8Array): boolean {
  return bytes.every((byte) => DIGITS[byte] !== undefined);
}
