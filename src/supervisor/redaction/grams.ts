const GRAM = 4;
const HASH = 0x9e3779b1;
/** Places of one gram in one form that are kept: a value of one repeated character has it everywhere. */
const placesPerForm = 4;
const filterSlotsPerGram = 32;

/**
 * Sampled 4-gram search: only the words at multiples of the step are looked at, and every stretch of
 * `step + 3` bytes holds one of them whole. A byte table sorts out almost all of them.
 */
export class Grams {
  readonly step: number;
  readonly #shift: number;
  readonly #filter: Uint8Array;
  /** Open addressing: key and first entry in pairs. */
  readonly #slots: Int32Array;
  readonly #mask: number;
  /** Entries: form, offset, next. */
  readonly #entries: Int32Array;
  #used = 1;

  /** `most`: no more than so many grams will be added. `shortest`: bytes of the shortest piece to find. */
  constructor(most: number, shortest: number) {
    this.step = Math.max(1, Math.min(16, shortest - GRAM + 1));
    const bits = Math.min(20, Math.max(14, Math.ceil(Math.log2(most * filterSlotsPerGram + 1))));
    this.#shift = 32 - bits;
    this.#filter = new Uint8Array(1 << bits);
    const slots = 1 << Math.ceil(Math.log2(most * 3 + 8));
    this.#slots = new Int32Array(2 * slots);
    this.#mask = slots - 1;
    this.#entries = new Int32Array(3 * (most + 1));
  }

  /** Registers the gram at an offset of a form. */
  add(bytes: Buffer, form: number, offset: number): void {
    const gram = bytes.readInt32LE(offset);
    const slot = this.#slotOf(gram);
    let places = 0;
    for (let entry = this.#slots[slot + 1] as number; entry > 0; entry = this.next(entry)) {
      if (this.form(entry) === form) places += 1;
    }
    if (places >= placesPerForm) return;
    const entry = this.#used;
    this.#used += 1;
    this.#entries[3 * entry] = form;
    this.#entries[3 * entry + 1] = offset;
    this.#entries[3 * entry + 2] = this.#slots[slot + 1] as number;
    this.#slots[slot] = gram;
    this.#slots[slot + 1] = entry;
    this.#filter[Math.imul(gram, HASH) >>> this.#shift] = 1;
  }

  #slotOf(gram: number): number {
    let at = (Math.imul(gram, HASH) >>> 7) & this.#mask;
    while ((this.#slots[2 * at + 1] as number) > 0 && this.#slots[2 * at] !== gram) {
      at = (at + 1) & this.#mask;
    }
    return 2 * at;
  }

  /** Offsets of `text` whose gram may be one of ours. */
  candidates(text: Uint8Array, length: number): number[] {
    const found: number[] = [];
    const view = new DataView(text.buffer, text.byteOffset, text.byteLength);
    const filter = this.#filter;
    const shift = this.#shift;
    const step = this.step;
    for (let at = 0; at <= length - GRAM; at += step) {
      const gram = view.getInt32(at, true);
      if (filter[Math.imul(gram, HASH) >>> shift] === 1 && this.#first(gram) > 0) found.push(at);
    }
    return found;
  }

  #first(gram: number): number {
    const slot = this.#slotOf(gram);
    return this.#slots[slot] === gram ? (this.#slots[slot + 1] as number) : 0;
  }

  /** First entry for the gram at an offset of a text; 0 when there is none. */
  first(text: Uint8Array, at: number): number {
    const b0 = text[at] as number;
    const b1 = text[at + 1] as number;
    const b2 = text[at + 2] as number;
    return this.#first(b0 | (b1 << 8) | (b2 << 16) | ((text[at + 3] as number) << 24));
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
