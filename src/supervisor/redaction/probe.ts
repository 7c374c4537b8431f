/** A form prepared for the search: its first `head` bytes decide whether it occurs. */
export interface Pattern {
  readonly form: { readonly name: string; bytes: Buffer; readonly publicPrefix: number };
  readonly length: number;
  readonly head: number;
}

const GRAM = 4;
const STRIDES = [16, 8, 4, 2] as const;
const HASH = 0x9e3779b1;
const SLOTS_PER_GRAM = 32;
const BITS_MIN = 12;
const BITS_MAX = 18;

interface Place {
  readonly pattern: Pattern;
  readonly offset: number;
}

/** Groups the patterns by the widest stride that their heads allow, so that one short value does not slow all. */
export function probesFor(patterns: readonly Pattern[]): Probe[] {
  const groups = new Map<number, Pattern[]>();
  for (const pattern of patterns) {
    const stride = STRIDES.find((step) => pattern.head >= step + GRAM - 1);
    if (stride === undefined) continue;
    groups.set(stride, [...(groups.get(stride) ?? []), pattern]);
  }
  return [...groups].map(([stride, members]) => new Probe(members, stride));
}

/**
 * Strided 4-gram search. It looks only at the 4-byte words at multiples of the stride S: every
 * stretch of S + 3 bytes holds one of them whole. Of each head one such stretch is registered with
 * its S grams; a byte table sorts out almost every word, the rest is compared byte for byte.
 */
export class Probe {
  readonly #stride: number;
  readonly #shift: number;
  readonly #filter: Uint8Array;
  readonly #places = new Map<number, Place[]>();

  constructor(patterns: readonly Pattern[], stride: number) {
    const grams = patterns.length * stride;
    const bits = Math.min(
      BITS_MAX,
      Math.max(BITS_MIN, Math.ceil(Math.log2(grams * SLOTS_PER_GRAM))),
    );
    this.#stride = stride;
    this.#shift = 32 - bits;
    this.#filter = new Uint8Array(1 << bits);
    for (const pattern of patterns) this.#register(pattern);
  }

  /** Calls `found` for each occurrence of a head in `text`, in no useful order, possibly twice. */
  find(text: Buffer, found: (pattern: Pattern, start: number) => void): void {
    const view = new DataView(text.buffer, text.byteOffset, text.byteLength);
    const filter = this.#filter;
    const stride = this.#stride;
    const shift = this.#shift;
    const last = text.length - GRAM;
    for (let at = 0; at <= last; at += stride) {
      const gram = view.getInt32(at, true);
      if (filter[Math.imul(gram, HASH) >>> shift] === 1) this.#verify(text, at, gram, found);
    }
  }

  wipe(): void {
    this.#filter.fill(0);
    this.#places.clear();
  }

  /** Skips the public prefix where it can: grams that everybody prints cost comparisons. */
  #register(pattern: Pattern): void {
    const { bytes, publicPrefix } = pattern.form;
    const from = Math.min(publicPrefix, pattern.head - (this.#stride + GRAM - 1));
    for (let offset = from; offset < from + this.#stride; offset++) {
      const gram = bytes.readInt32LE(offset);
      const places = this.#places.get(gram) ?? [];
      places.push({ pattern, offset });
      this.#places.set(gram, places);
      this.#filter[Math.imul(gram, HASH) >>> this.#shift] = 1;
    }
  }

  #verify(
    text: Buffer,
    at: number,
    gram: number,
    found: (pattern: Pattern, start: number) => void,
  ): void {
    for (const { pattern, offset } of this.#places.get(gram) ?? []) {
      const start = at - offset;
      if (start < 0 || start + pattern.head > text.length) continue;
      if (agreement(pattern.form.bytes, 0, text, start, pattern.head) === pattern.head) {
        found(pattern, start);
      }
    }
  }
}

/** How many bytes of `form` from `offset` stand in `text` from `start`, at most `limit`. */
export function agreement(
  form: Buffer,
  offset: number,
  text: Buffer,
  start: number,
  limit = Number.POSITIVE_INFINITY,
): number {
  const end = Math.min(limit, form.length - offset, text.length - start);
  let length = 0;
  while (length < end && form[offset + length] === text[start + length]) length++;
  return length;
}
