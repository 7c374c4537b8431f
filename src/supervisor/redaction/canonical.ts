/**
 * The canonical stream: what a reader puts together in one piece. Bytes less escape sequences (ECMA-48),
 * C0 controls, blanks, DEL, quotes and backslashes; a backspace takes back what stood before it. Text
 * and values are compared in it, so that colour, line wraps, indentation, quoting and UTF-16 fall away.
 */
export interface Canonical extends CanonicalBytes {
  /** Raw offset of a canonical byte. */
  placeOf(index: number): number;
  /** Raw offset at which its cell begins, overstrikes included. */
  beginOf(index: number): number;
}

/** A canonical stream without its places. */
export interface CanonicalBytes extends Room {
  readonly length: number;
}

/** Memory for a text, seen in three ways. */
export interface Room {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly words: Int32Array;
}

/** Room for some bytes at least. */
export function makeRoom(size: number): Room {
  const buffer = new ArrayBuffer((size + 3) & ~3);
  return {
    bytes: new Uint8Array(buffer),
    view: new DataView(buffer),
    words: new Int32Array(buffer),
  };
}

/** 1: the byte counts. Dropped: C0, blank, DEL, quotes, backslash. */
export const KEPT = new Uint8Array(256);
for (let byte = 0x21; byte < 256; byte += 1) KEPT[byte] = 1;
for (const byte of [0x7f, 0x22, 0x27, 0x5c]) KEPT[byte] = 0;

/** Of a little-endian pair of bytes: those that count, moved together, and in bits 16 and 17 how many. */
let pairs = new Int32Array(0);
/** 1: both bytes of a pair count. */
let wholePairs = new Uint8Array(0);

/** Made with the first text, not with the values: not every session has one, and each waits for its start. */
function makePairs(): void {
  pairs = new Int32Array(1 << 16);
  wholePairs = new Uint8Array(1 << 16);
  for (let pair = 0; pair < pairs.length; pair += 1) {
    const first = KEPT[pair & 255] as number;
    const second = KEPT[pair >> 8] as number;
    const bytes = (first * (pair & 255)) | ((second * (pair >> 8)) << (8 * first));
    pairs[pair] = bytes | ((first + second) << 16);
    wholePairs[pair] = first & second;
  }
}

/** Raw bytes between two known places of plain text. */
const block = 512;

/** Canonical bytes of plain text; `into` is 4 bytes longer at least. Returns the length. */
export function compact(raw: Buffer, into: Uint8Array): number {
  return compactRange(viewOf(raw), 0, raw.length, viewOf(into), 0);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function compactRange(
  words: DataView,
  from: number,
  to: number,
  target: DataView,
  start: number,
): number {
  const inPairs = pairs.length === 0 ? from : to;
  let length = start;
  let at = from;
  // eight bytes at a time; branch-free where some are dropped: every byte is written, only kept ones move on
  for (; at + 8 <= inPairs; at += 8) {
    const low = words.getInt32(at, true);
    const high = words.getInt32(at + 4, true);
    const a = low & 0xffff;
    const b = low >>> 16;
    const c = high & 0xffff;
    const d = high >>> 16;
    if ((isWhole(a) & isWhole(b) & isWhole(c) & isWhole(d)) === 1) {
      target.setInt32(length, low, true);
      target.setInt32(length + 4, high, true);
      length = (length + 8) | 0;
      continue;
    }
    length = put(target, length, pairs[a] as number);
    length = put(target, length, pairs[b] as number);
    length = put(target, length, pairs[c] as number);
    length = put(target, length, pairs[d] as number);
  }
  for (; at < to; at += 1) {
    const byte = words.getUint8(at);
    target.setUint8(length, byte);
    length = (length + (KEPT[byte] as number)) | 0;
  }
  return length;
}

function isWhole(pair: number): number {
  return wholePairs[pair] as number;
}

function put(target: DataView, length: number, pair: number): number {
  target.setUint16(length, pair, true);
  return (length + (pair >>> 16)) | 0;
}

/** Plain text, whose places are worked out only where somebody asks. */
export class PlainText implements Canonical {
  #room = makeRoom(0);
  length = 0;
  #raw: Buffer = Buffer.alloc(0);
  /** Canonical length at the beginning of each block. */
  readonly #starts: number[] = [];

  get bytes(): Uint8Array {
    return this.#room.bytes;
  }

  get view(): DataView {
    return this.#room.view;
  }

  get words(): Int32Array {
    return this.#room.words;
  }

  /** Overwrites what the last text left behind. */
  wipe(): void {
    this.bytes.fill(0, 0, this.length + 8);
  }

  reset(raw: Buffer): void {
    if (this.bytes.length < raw.length + 8) this.#room = makeRoom(2 * raw.length + 64);
    this.#raw = raw;
    this.#starts.length = 0;
    this.length = 0;
    if (pairs.length === 0) makePairs();
    const words = viewOf(raw);
    const target = this.#room.view;
    for (let at = 0; at < raw.length; at += block) {
      this.#starts.push(this.length);
      const to = Math.min(raw.length, at + block);
      this.length = compactRange(words, at, to, target, this.length);
    }
  }

  placeOf(index: number): number {
    const number = lastUpTo(this.#starts, index);
    let left = index - (this.#starts[number] as number);
    let at = number * block;
    for (; left > 0 || KEPT[this.#raw[at] as number] === 0; at += 1) {
      left -= KEPT[this.#raw[at] as number] as number;
    }
    return at;
  }

  beginOf(index: number): number {
    return this.placeOf(index);
  }
}

/** Of ascending numbers, which begin with 0, the last one that is no greater: its index. */
function lastUpTo(numbers: readonly number[], most: number): number {
  let low = 0;
  let high = numbers.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] as number) <= most) low = middle;
    else high = middle;
  }
  return low;
}
