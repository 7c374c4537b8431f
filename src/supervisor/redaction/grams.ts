const HASH = 0x9e3779b1;
const MIX = 0x85ebca6b;
/** Pieces from this length on are found by eight of their bytes: four hex digits stand everywhere. */
const longPiece = 12;
/** Places of one gram in one form that are kept: a row of one character has it everywhere. */
const placesPerForm = 16;
/** One bit each: the table must fit into the processor's nearest cache. */
const filterBitsPerGram = 16;

/**
 * Sampled search by grams of 4 or 8 bytes: only those at multiples of the step are looked at, and every
 * stretch of `step + width - 1` bytes holds one of them whole. A bit table sorts out almost all of them.
 */
export class Grams {
  readonly step: number;
  readonly #width: 4 | 8;
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
    this.#width = shortest >= longPiece ? 8 : 4;
    this.step = Math.max(1, Math.min(16, shortest - this.#width + 1));
    const bits = Math.min(22, Math.max(14, Math.ceil(Math.log2(most * filterBitsPerGram + 1))));
    this.#shift = 32 - bits;
    this.#filter = new Uint8Array(1 << (bits - 3));
    const slots = 1 << Math.ceil(Math.log2(most * 3 + 8));
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
    return this.#width === 4 ? first : Math.imul(first, MIX) ^ view.getInt32(at + 4, true);
  }

  #add(gram: number, form: number, offset: number): void {
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
    const hash = Math.imul(gram, HASH) >>> this.#shift;
    this.#filter[hash >>> 3] = (this.#filter[hash >>> 3] as number) | (1 << (hash & 7));
  }

  #slotOf(gram: number): number {
    let at = (Math.imul(gram, HASH) >>> 7) & this.#mask;
    while ((this.#slots[2 * at + 1] as number) > 0 && this.#slots[2 * at] !== gram) {
      at = (at + 1) & this.#mask;
    }
    return 2 * at;
  }

  /** Where grams of ours stand in `text`: pairs of offset and first entry. */
  candidates(text: Uint8Array, length: number): number[] {
    const found: number[] = [];
    const view = new DataView(text.buffer, text.byteOffset, text.byteLength);
    const filter = this.#filter;
    const shift = this.#shift;
    const step = this.step;
    const isLong = this.#width === 8;
    for (let at = 0; at <= length - this.#width; at += step) {
      const first = view.getInt32(at, true);
      const gram = isLong ? Math.imul(first, MIX) ^ view.getInt32(at + 4, true) : first;
      const hash = Math.imul(gram, HASH) >>> shift;
      if ((((filter[hash >>> 3] as number) >> (hash & 7)) & 1) === 0) continue;
      const entry = this.#first(gram);
      if (entry > 0) found.push(at, entry);
    }
    return found;
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
