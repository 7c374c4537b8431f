import type { CanonicalBytes } from './canonical.ts';

/** Bytes of a word of the text. */
const WORD = 4;
const HASH = 0x9e3779b1;
const MIX = 0x85ebca6b;
/** Pieces from this length on are found by eight of their bytes: four hex digits stand everywhere. */
const longPiece = 12;
/** Places of one gram in one form that are kept: a row of one character has it everywhere. */
const placesPerForm = 16;
/** Forms that have a gram in common: many spellings of a key differ in its line ends only. */
const usualForms = 4;
/** Places of the filter for each gram: more are quicker until the table outgrows the processor's cache. */
const filterPerGram = 64;

/**
 * Sampled search by grams of 4 or 8 bytes: only those at multiples of the step are looked at, and every
 * stretch of `step + width - 1` bytes holds one of them whole. A table of hashes sorts out almost all of them.
 */
export class Grams {
  readonly step: number;
  readonly #width: 4 | 8;
  #shift = 0;
  #filter = new Uint8Array(0);
  /** Open addressing: key and first entry in pairs. */
  #slots: Int32Array;
  #mask: number;
  #distinct = 0;
  /** Entries: form, offset, next. */
  readonly #entries: Int32Array;
  #used = 1;

  /** `most`: no more than so many grams will be added. `shortest`: bytes of the shortest piece to find. */
  constructor(most: number, shortest: number) {
    this.#width = shortest >= longPiece ? 8 : 4;
    const step = Math.max(1, Math.min(16, shortest - this.#width + 1));
    this.step = step < WORD ? step : step - (step % WORD);
    const slots = 1 << Math.ceil(Math.log2((most * 3) / usualForms + 8));
    this.#slots = new Int32Array(2 * slots);
    this.#mask = slots - 1;
    this.#entries = new Int32Array(3 * (most + 1));
  }

  /** Registers the grams of a form that begin before `end`. */
  addAll(bytes: Buffer, form: number, end = bytes.length): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const last = Math.min(end - 1, bytes.length - this.#width);
    for (let offset = 0; offset <= last; offset += 1)
      this.#add(this.#gram(view, offset), form, offset);
  }

  #gram(view: DataView, at: number): number {
    const first = view.getInt32(at, true);
    return this.#width === WORD ? first : mixed(first, view.getInt32(at + WORD, true));
  }

  #add(gram: number, form: number, offset: number): void {
    const slot = this.#slotOf(gram);
    if (this.#placesOf(form, this.#slots[slot + 1] as number) >= placesPerForm) return;
    const entry = this.#used;
    this.#used += 1;
    this.#entries[3 * entry] = form;
    this.#entries[3 * entry + 1] = offset;
    this.#entries[3 * entry + 2] = this.#slots[slot + 1] as number;
    const isNew = this.#slots[slot + 1] === 0;
    this.#slots[slot] = gram;
    this.#slots[slot + 1] = entry;
    if (isNew) this.#count();
  }

  /** One more gram: half of the slots at most is in use. */
  #count(): void {
    this.#distinct += 1;
    if (2 * this.#distinct <= this.#mask) return;
    const before = this.#slots;
    this.#slots = new Int32Array(2 * before.length);
    this.#mask = before.length - 1;
    for (let at = 0; at < before.length; at += 2) {
      if (before[at + 1] === 0) continue;
      const slot = this.#slotOf(before[at] as number);
      this.#slots[slot] = before[at] as number;
      this.#slots[slot + 1] = before[at + 1] as number;
    }
    before.fill(0);
  }

  /** Makes the filter, after the last form was added and before the first search. */
  finish(): void {
    const places = this.#distinct * filterPerGram + 1;
    const bits = Math.min(22, Math.max(14, Math.ceil(Math.log2(places))));
    this.#shift = 32 - bits;
    this.#filter = new Uint8Array(1 << bits);
    for (let at = 0; at < this.#slots.length; at += 2) {
      if (this.#slots[at + 1] === 0) continue;
      this.#filter[hash(this.#slots[at] as number) >>> this.#shift] = 1;
    }
  }

  /** How many entries of a form, the last one that was added, stand at the head of a list. */
  #placesOf(form: number, first: number): number {
    let places = 0;
    for (let entry = first; entry > 0 && this.form(entry) === form; entry = this.next(entry)) {
      places += 1;
    }
    return places;
  }

  #slotOf(gram: number): number {
    let at = (hash(gram) >>> 7) & this.#mask;
    while ((this.#slots[2 * at + 1] as number) > 0 && this.#slots[2 * at] !== gram) {
      at = (at + 1) & this.#mask;
    }
    return 2 * at;
  }

  /** Where grams of ours stand in a text: offsets and first entries in pairs. */
  candidates({ view, words, length }: CanonicalBytes): number[] {
    const found: number[] = [];
    if (this.step < WORD) {
      for (let at = 0; at <= length - this.#width; at += this.step) this.#look(view, at, found);
      return found;
    }
    const stride = this.step / WORD;
    const last = (length >> 2) - this.#width / WORD;
    const places = { words, stride, last };
    const skip = this.#width === WORD ? skipWords : skipPairs;
    for (let at = 0; at <= last; ) {
      at = skip(places, at, this.#filter, this.#shift);
      for (let left = together; left > 0 && at <= last; left -= 1, at += stride) {
        this.#look(view, WORD * at, found);
      }
    }
    return found;
  }

  #look(view: DataView, at: number, found: number[]): void {
    const gram = this.#gram(view, at);
    if (this.#filter[hash(gram) >>> this.#shift] === 0) return;
    const entry = this.#first(gram);
    if (entry > 0) found.push(at, entry);
  }

  #first(gram: number): number {
    const slot = this.#slotOf(gram);
    return this.#slots[slot] === gram ? (this.#slots[slot + 1] as number) : 0;
  }

  next(entry: number): number {
    return this.#entries[3 * entry + 2] as number;
  }

  form(entry: number): number {
    return this.#entries[3 * entry] as number;
  }

  offset(entry: number): number {
    return this.#entries[3 * entry + 1] as number;
  }

  wipe(): void {
    this.#filter.fill(0);
    this.#slots.fill(0);
    this.#entries.fill(0);
  }
}

/** Words of a text that are looked at: `stride` apart, the last one included. */
interface Places {
  readonly words: Int32Array;
  readonly stride: number;
  readonly last: number;
}

/** Places that are looked at together: one branch for all. */
const together = 4;

/** From `from` on, the first of four words of which the filter may know one. */
function skipWords(
  { words, stride, last }: Places,
  from: number,
  filter: Uint8Array,
  shift: number,
): number {
  let at = from;
  for (; at + 3 * stride <= last; at += 4 * stride) {
    const known =
      mark(filter, hash(wordAt(words, at)) >>> shift) |
      mark(filter, hash(wordAt(words, at + stride)) >>> shift) |
      mark(filter, hash(wordAt(words, at + 2 * stride)) >>> shift) |
      mark(filter, hash(wordAt(words, at + 3 * stride)) >>> shift);
    if (known !== 0) return at;
  }
  return at;
}

/** The same for grams of two words. */
function skipPairs(
  { words, stride, last }: Places,
  from: number,
  filter: Uint8Array,
  shift: number,
): number {
  let at = from;
  for (; at + 3 * stride <= last; at += 4 * stride) {
    const known =
      mark(filter, hash(pairAt(words, at)) >>> shift) |
      mark(filter, hash(pairAt(words, at + stride)) >>> shift) |
      mark(filter, hash(pairAt(words, at + 2 * stride)) >>> shift) |
      mark(filter, hash(pairAt(words, at + 3 * stride)) >>> shift);
    if (known !== 0) return at;
  }
  return at;
}

function mark(filter: Uint8Array, index: number): number {
  return filter[index] as number;
}

function wordAt(words: Int32Array, at: number): number {
  return words[at] as number;
}

function pairAt(words: Int32Array, at: number): number {
  return mixed(wordAt(words, at), wordAt(words, at + 1));
}

function hash(gram: number): number {
  return Math.imul(gram, HASH);
}

/** Two words as one gram. */
function mixed(first: number, second: number): number {
  return Math.imul(first, MIX) ^ second;
}
