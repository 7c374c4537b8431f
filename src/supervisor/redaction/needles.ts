import type { Secret } from '../../secret.ts';
import { encodingsOf } from './encodings.ts';
import { secretParts } from './serviceAccount.ts';

/** A value to be redacted. Several may carry one name: old values stay known after a rotation. */
export interface Needle {
  readonly name: string;
  readonly secret: Secret;
  readonly kind: 'text' | 'json';
  readonly publicPrefixes: readonly string[];
}

/** One byte sequence that gives a value away. */
export interface Form {
  readonly name: string;
  /** Emptied by a wipe. */
  bytes: Buffer;
  /** Leading bytes that are the same for everybody. */
  readonly publicPrefix: number;
}

/** Values of fewer bytes would mask ordinary text. */
const VALUE_MIN = 6;
const ENCODED_MIN = 8;

/** All forms of a needle, each in a buffer of its own; none when it is too short to be redacted. */
export function formsOf(needle: Needle): Form[] {
  const forms: Form[] = [];
  const add = (bytes: Buffer, publicPrefix: number, minimum: number) => {
    if (bytes.length < minimum || forms.some((form) => form.bytes.equals(bytes))) bytes.fill(0);
    else forms.push({ name: needle.name, bytes, publicPrefix });
  };
  for (const { bytes, publicPrefix, encoded } of partsOf(needle)) {
    if (bytes.length < VALUE_MIN) continue;
    const spellings = encoded ? encodingsOf(bytes, publicPrefix) : [{ bytes, publicPrefix }];
    spellings.forEach((spelling, index) => {
      add(spelling.bytes, spelling.publicPrefix, index === 0 ? VALUE_MIN : ENCODED_MIN);
    });
    if (encoded) bytes.fill(0);
  }
  return forms;
}

function partsOf(needle: Needle) {
  const value = trim(needle.secret.expose());
  const parts = needle.kind === 'json' ? secretParts(value) : [];
  if (parts.length > 0) return parts;
  return [{ bytes: Buffer.from(value), publicPrefix: publicLength(needle, value), encoded: true }];
}

function publicLength(needle: Needle, value: Buffer): number {
  const lengths = needle.publicPrefixes
    .map((prefix) => Buffer.from(prefix))
    .filter((prefix) => value.subarray(0, prefix.length).equals(prefix))
    .map((prefix) => prefix.length);
  return Math.max(0, ...lengths);
}

function trim(value: Buffer): Buffer {
  const isBlank = (byte: number | undefined) =>
    byte === 0x20 || (byte !== undefined && byte >= 9 && byte <= 13);
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value[start])) start++;
  while (end > start && isBlank(value[end - 1])) end--;
  return value.subarray(start, end);
}
