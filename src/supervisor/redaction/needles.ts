import { release, secretBuffer } from '../../platform/pages.ts';
import type { Secret } from '../../secret.ts';
import type { Encoded } from './base64.ts';
import { compact, KEPT } from './canonical.ts';
import { encodingsOf } from './encodings.ts';
import { isHex } from './hex.ts';
import { type Part, secretParts } from './serviceAccount.ts';
import { publicHead, shapedParts } from './shapes.ts';

/** A value to be redacted. Several may carry one name: old values stay known after a rotation. */
export interface Needle {
  readonly name: string;
  readonly secret: Secret;
  readonly kind: 'text' | 'json';
  readonly publicPrefixes: readonly string[];
}

/** One way in which a value can stand in a text. */
export interface Form {
  readonly name: string;
  /** As it is written. Emptied by a wipe. */
  raw: Buffer;
  /** The same in the canonical stream. */
  bytes: Buffer;
  /** Leading canonical bytes that are the same for everybody. */
  readonly publicPrefix: number;
  /**
   * Secret bytes at either end that give a piece of it away; undefined: short or regular, so that only
   * the whole counts, in one piece.
   */
  readonly piece: number | undefined;
  /** The same for a piece from the middle. */
  readonly inside: number;
  /** Two digits a byte, between which a dump has blanks. */
  readonly pairs?: true;
  /** How many of its first bytes nobody could guess from those before: one more entry than bytes. */
  readonly unforeseen: Uint16Array;
}

/** Values of fewer bytes would mask ordinary text. */
const valueMin = 6;
/** Six bytes in base64, where it has them to itself. */
const encodedMin = 7;
/** The search looks at four bytes at a time. */
const canonicalMin = 4;

/** What makes a value irregular enough for its pieces to count. */
const pieceable = { length: 16, secret: 12, bitsPerByte: 3 };
/** 44 bits, so that no text of a session holds a piece by chance: bytes of base62, hex, an encoding in hex. */
const pieces = { other: 8, hex: 11, hexEncoding: 16 };
const insideMin = 12;

/** Names of values that are found in part only, or not at all. */
export interface Weak {
  /** Fewer than 6 bytes: these cannot be redacted. */
  readonly tooShort: readonly string[];
  /** Short or regular: these are redacted only where they stand whole. */
  readonly wholeOnly: readonly string[];
}

/** Told without spelling a value out in all its forms, which takes a while. */
export function weakAmong(needles: readonly Needle[]): Weak {
  const tooShort = new Set<string>();
  const wholeOnly = new Set<string>();
  for (const needle of needles) {
    const parts = partsOf(needle);
    const found = parts.filter(isFindable);
    if (found.length === 0) tooShort.add(needle.name);
    if (found.some(isRegular)) wholeOnly.add(needle.name);
    for (const part of parts) part.bytes.fill(0);
  }
  return { tooShort: [...tooShort], wholeOnly: [...wholeOnly] };
}

function isFindable({ bytes }: Part): boolean {
  const seen = canonical(bytes);
  release(seen);
  return bytes.length >= valueMin && seen.length >= canonicalMin;
}

/** All forms of a needle, each in buffers of its own; none when it is too short to be redacted. */
export function formsOf(needle: Needle): Form[] {
  const forms = partsOf(needle).flatMap((part) => {
    const all = part.bytes.length < valueMin ? [] : formsOfPart(needle.name, part);
    part.bytes.fill(0);
    return all;
  });
  // long ones first: most others are pieces of them
  const kept: Form[] = [];
  for (const form of forms.toSorted((a, b) => b.bytes.length - a.bytes.length)) {
    if (!isKnown(form, kept)) kept.push(form);
    else wipe(form);
  }
  return kept;
}

/** Overwrites a form's bytes. */
export function wipe(form: Form): void {
  release(form.raw);
  release(form.bytes);
}

function formsOfPart(name: string, part: Part): Form[] {
  const { bytes, publicPrefix, common = [publicPrefix, publicPrefix] } = part;
  const regular = isRegular(part);
  const source = { regular, unforeseen: unforeseenIn(bytes) };
  return encodingsOf(bytes, publicPrefix, common, !regular).flatMap((spelling, index) => {
    const form = formOf(name, spelling, source);
    const minimum = index === 0 ? valueMin : encodedMin;
    if (form.raw.length >= minimum && form.bytes.length >= canonicalMin) return [form];
    wipe(form);
    return [];
  });
}

/** Whether another form finds it too: the same, or for irregular values one that begins with it. */
function isKnown({ raw, bytes, piece }: Form, kept: readonly Form[]): boolean {
  if (piece === undefined) return kept.some((one) => one.raw.equals(raw));
  return kept.some(
    (one) => one.piece === piece && one.bytes.subarray(0, bytes.length).equals(bytes),
  );
}

/** What the value of a form tells about its pieces. */
interface Source {
  readonly regular: boolean;
  readonly unforeseen: readonly boolean[];
}

/** Bytes after which a row is one. */
const rowMin = 4;

/** A byte that continues a row (`01234`, `aaaaa`, `edcba`) stands in many other texts too: it gives nothing away. */
function unforeseenIn(bytes: Buffer): boolean[] {
  const unforeseen: boolean[] = [];
  let row = 2;
  let step = Number.NaN;
  for (let at = 0; at < bytes.length; at += 1) {
    const next = at === 0 ? Number.NaN : (bytes[at] as number) - (bytes[at - 1] as number);
    row = Math.abs(next) <= 1 && next === step ? row + 1 : 2;
    step = next;
    unforeseen.push(row <= rowMin);
  }
  return unforeseen;
}

/** The same for a spelling of the value, without what all of its kind have: running count over `length` bytes. */
function spread(unforeseen: readonly boolean[], length: number, common: Range): Uint16Array {
  const counts = new Uint16Array(length + 1);
  for (let at = 0; at < length; at += 1) {
    const source = Math.floor((at * unforeseen.length) / length);
    const counted = unforeseen[source] && (at < common.start || at >= common.end);
    counts[at + 1] = (counts[at] as number) + (counted ? 1 : 0);
  }
  return counts;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function formOf(
  name: string,
  { bytes: raw, publicPrefix, marks, hex }: Encoded,
  { regular, unforeseen }: Source,
): Form {
  const bytes = canonical(raw);
  const [prefix = 0, start = 0, end = 0] = canonicalLengths(raw, [publicPrefix, ...marks]);
  const kind = hex ? 'hexEncoding' : isHex(bytes.subarray(prefix)) ? 'hex' : 'other';
  const piece = pieces[kind];
  const inside = Math.max(piece, insideMin);
  return {
    ...{ name, raw, bytes, publicPrefix: prefix },
    piece: regular ? undefined : piece,
    inside,
    ...(hex && { pairs: true }),
    unforeseen: spread(unforeseen, bytes.length, { start, end }),
  };
}

/** How many of the raw bytes before each mark count. Marks ascend: each counts on from the last one. */
function canonicalLengths(raw: Buffer, marks: readonly number[]): number[] {
  let length = 0;
  let at = 0;
  return marks.map((mark) => {
    for (; at < mark; at += 1) length += KEPT[raw[at] as number] as number;
    return length;
  });
}

function canonical(raw: Buffer): Buffer {
  const into = secretBuffer(raw.length + 4);
  const bytes = Buffer.from(into.subarray(0, compact(raw, into)));
  release(into);
  return bytes;
}

/** Short, with blanks or bytes beyond ASCII, or of few different characters. */
function isRegular({ bytes, publicPrefix, wholeOnly }: Part): boolean {
  if (wholeOnly) return true;
  const isToken = bytes.every(
    (byte) => (byte > 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d,
  );
  if (!isToken || bytes.length < pieceable.length) return true;
  if (bytes.length - publicPrefix < pieceable.secret) return true;
  return entropy(bytes.subarray(publicPrefix)) < pieceable.bitsPerByte;
}

/** Shannon's, in bits a byte. */
function entropy(bytes: Buffer): number {
  const counts = new Uint32Array(256);
  for (let at = 0; at < bytes.length; at += 1) (counts[bytes[at] as number] as number) += 1;
  let bits = 0;
  for (const count of counts) {
    if (count === 0) continue;
    const share = count / bytes.length;
    bits -= share * Math.log2(share);
  }
  return bits;
}

function partsOf(needle: Needle): Part[] {
  const value = trim(needle.secret.expose());
  const parts = needle.kind === 'json' ? secretParts(value) : [];
  if (parts.length > 0) return parts;
  const whole = () => [{ bytes: Buffer.from(value), publicPrefix: publicLength(needle, value) }];
  return shapedParts(value) ?? whole();
}

function publicLength(needle: Needle, value: Buffer): number {
  const lengths = needle.publicPrefixes
    .map((prefix) => Buffer.from(prefix))
    .filter((prefix) => value.subarray(0, prefix.length).equals(prefix))
    .map((prefix) => prefix.length);
  return Math.max(publicHead(value), ...lengths);
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
