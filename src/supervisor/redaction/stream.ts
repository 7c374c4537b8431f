import { type Canonical, KEPT } from './canonical.ts';
import { Mask, type StreamMode } from './mask.ts';
import { isPlain, type ParserState, State, stateAfter } from './parser.ts';
import { type Stretch, stretchesOf } from './stretches.ts';
import type { Found, RedactionTable } from './table.ts';
import { canonicalTail, historyStart, plainTail } from './tail.ts';
import { unfinished } from './width.ts';
import { putBack, together } from './window.ts';

export type { StreamMode } from './mask.ts';

export interface RedactionStreamOptions {
  readonly mode: StreamMode;
  /** Gets safe bytes, which are good until it returns; a clean chunk arrives as the buffer that was written. */
  readonly emit: (bytes: Buffer) => void;
  /** One call for each mask. */
  readonly onHit: (name: string) => void;
}

/**
 * Longer than any gap inside one write of the child (12 ms at most were seen, on a machine with twice
 * as much to do as it can), and short enough for a key's echo to be there within 25 ms.
 */
const holdMs = 16;
/** Nor does a byte wait longer where others keep coming: dots that tell of progress are seen as they are printed. */
const longestHoldMs = 24;
/** Canonical bytes that stay known after they are out, more after a value; raw bytes that may hold them. */
const history = { plain: 64, masked: 192, raw: 8 * 1024 };

/** Bytes of line ends, blanks and quotes that may stand inside a value in a row. */
const glueLimit = 256;

/** A mask, and where in the window its value ends so far. */
interface Masking {
  readonly mask: Mask;
  end: number;
}

/**
 * Redacts one file descriptor. Bytes leave at once unless a value may have begun in them; those wait
 * for 16 ms. How long bytes wait never depends on whether they match: a program that does not hold
 * a credential could otherwise learn it from what is late.
 */
export class RedactionStream {
  #table: RedactionTable;
  readonly #options: RedactionStreamOptions;
  /** What is known of the stream's end: bytes that are out already, then those that wait. */
  #window: Buffer = Buffer.alloc(0);
  /** State of the escape parser where the window begins. */
  #state: ParserState = State.ground;
  /** Leading bytes of the window that are out already, raw or masked. */
  #emitted = 0;
  /** The last mask on the line, and that in a payload: each goes on where its value does. */
  #onLine: Masking | undefined;
  #inPayload: Masking | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** When the first of the bytes that wait began to. */
  #since = 0;
  #turn: NodeJS.Immediate | undefined;

  constructor(table: RedactionTable, options: RedactionStreamOptions) {
    this.#table = table;
    this.#options = options;
  }

  /** Whether a value stood in it, went on in it, or was let through: the caller overwrites it, since it was copied. */
  write(chunk: Buffer): boolean {
    if (chunk.length === 0) return false;
    const window = this.#window.length === 0 ? chunk : together(this.#window, chunk);
    const found = this.#table.find(window, this.#state);
    const clean = this.#emitted === window.length - chunk.length ? chunk : undefined;
    this.#advance(window, found, window.length - this.#holdLength(window, found), clean, false);
    this.#arm(chunk.length);
    if (window !== chunk) putBack(window);
    return this.#forget(found);
  }

  /** Other values from here on. */
  use(table: RedactionTable): void {
    this.#table = table;
  }

  /** Releases what is held: nothing more comes. */
  end(): void {
    this.#release(false);
    this.#window.fill(0);
    this.#window = Buffer.alloc(0);
    this.#state = State.ground;
    this.#emitted = 0;
    this.#onLine = undefined;
    this.#inPayload = undefined;
    this.#disarm();
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#timer = undefined;
    this.#turn = undefined;
  }

  /**
   * A process that was kept from running reads what has come meanwhile before it gives up waiting for it.
   * `added`: how many bytes have just come.
   */
  #arm(added: number): void {
    const held = this.#window.length - this.#emitted;
    if (this.#turn !== undefined || held === 0) this.#disarm();
    if (held === 0) return;
    const now = performance.now();
    if (held <= added) this.#since = now;
    const left = Math.ceil(longestHoldMs - (now - this.#since));
    const due = () => {
      this.#turn = setImmediate(() => this.#release(true));
    };
    if (left <= 0) {
      this.#disarm();
      due();
    } else if (this.#timer === undefined) {
      this.#timer = setTimeout(due, Math.min(holdMs, left)).unref();
    } else if (left >= holdMs) this.#timer.refresh();
  }

  /**
   * Lets the held bytes go; the window stays for what follows. A terminal shows no part of a character:
   * that at the end stays until more comes, so that a mask takes as many cells, unless nothing comes any more.
   */
  #release(goesOn: boolean): void {
    this.#disarm();
    const window = this.#window;
    if (this.#emitted === window.length) return;
    const part = goesOn && this.#options.mode === 'tty' ? unfinished(window) : 0;
    const found = this.#table.find(window, this.#state);
    this.#advance(window, found, window.length - part, undefined, true);
    this.#forget(found);
  }

  /** Overwrites what the table has looked at, if that may hold a value. */
  #forget({ spans }: Found): boolean {
    const mayHold = spans.length > 0 || this.#table.hides;
    if (mayHold) this.#table.forget();
    return mayHold;
  }

  /** How many bytes at the end of the window to keep back: from byte classes and constants only. */
  #holdLength(window: Buffer, { state, text, payload }: Found): number {
    const { tokenHold, anyHold } = this.#table;
    const any = Math.min(anyHold, window.length);
    if (text === undefined) {
      return Math.max(any, plainTail(window, tokenHold - 1));
    }
    const tail = state === State.string || state === State.stringEscape ? payload : text;
    const start = canonicalTail(tail, tokenHold - 1, window.length);
    return Math.max(any, window.length - start);
  }

  /** Lets the bytes up to `wanted` go, and beyond that what is a value for certain. */
  #advance(
    window: Buffer,
    found: Found,
    wanted: number,
    clean: Buffer | undefined,
    final: boolean,
  ) {
    const stretches = stretchesOf(found.spans);
    const certain = Math.max(0, ...stretches.map((one) => one.certain));
    const most = final ? window.length : window.length - this.#glue(window, stretches);
    const limit = Math.max(this.#emitted, Math.min(most, Math.max(wanted, certain)));
    if (stretches.length === 0 && clean !== undefined && limit === window.length) {
      this.#options.emit(clean);
      this.#emitted = limit;
    } else this.#emit(window, stretches, { limit, decided: final ? limit : wanted });
    this.#keep(window, found);
  }

  /**
   * In a pipe the line ends inside a value go with it: those behind what may go on wait for it, and so do
   * characters that may go on by chance.
   */
  #glue(window: Buffer, stretches: readonly Stretch[]): number {
    const last = stretches.at(-1);
    if (this.#options.mode === 'tty' || !last?.open || last.end < this.#emitted) return 0;
    const length = window.length - last.certain;
    if (length > glueLimit) return 0;
    const isGlue = window.subarray(last.end).every((byte) => KEPT[byte] === 0);
    return isGlue ? length : 0;
  }

  /** `decided`: a stretch that ends before it has ended for good. */
  #emit(
    window: Buffer,
    stretches: readonly Stretch[],
    { limit, decided }: { readonly limit: number; readonly decided: number },
  ): void {
    const out: Buffer[] = [];
    let at = this.#emitted;
    let waits = false;
    for (const stretch of stretches) {
      if (stretch.start >= limit || waits) break;
      if (stretch.end <= at) continue;
      const from = Math.max(stretch.start, at);
      const to = Math.min(stretch.end, limit);
      out.push(window.subarray(at, from));
      const covering = { ends: stretch.end <= decided, others: stretch.others };
      const masking = this.#maskingOf(stretch, window, from);
      const covered = masking.mask.cover(window, from, to, covering);
      out.push(covered.out);
      at = covered.upTo;
      masking.end = stretch.end;
      waits = at < to;
    }
    if (!waits) {
      out.push(window.subarray(at, limit));
      at = limit;
    }
    this.#emitted = at;
    // a copy where there is a value: then the window is overwritten
    const bytes = stretches.length === 0 ? (out[0] as Buffer) : Buffer.concat(out);
    if (bytes.length > 0) this.#options.emit(bytes);
  }

  /** A value that goes on where the last mask of its kind ended gets no second one. */
  #maskingOf({ name, start, payload }: Stretch, window: Buffer, from: number): Masking {
    const last = payload ? this.#inPayload : this.#onLine;
    if (last !== undefined && start < last.end) {
      // what lies between was let go, and may have begun an escape sequence
      if (from > last.end) last.mask.goOn(this.#stateAt(window, from));
      return last;
    }
    this.#options.onHit(name);
    const begun = payload ? State.string : State.ground;
    const state = from === start ? begun : this.#stateAt(window, from);
    const mask = new Mask(this.#options.mode, state, payload ? 'payload' : 'text');
    const masking = { mask, end: from };
    if (payload) this.#inPayload = masking;
    else this.#onLine = masking;
    return masking;
  }

  #stateAt(window: Buffer, at: number): ParserState {
    const before = window.subarray(0, at);
    if (this.#state === State.ground && isPlain(before)) return State.ground;
    return stateAfter(before, this.#state);
  }

  /** Keeps what waits and enough of what is out for a value that goes on. */
  #keep(window: Buffer, { text, spans }: Found): void {
    const end = this.#emitted;
    const known = spans.length > 0 ? history.masked : history.plain;
    const most = Math.max(known, this.#table.tokenHold, this.#table.anyHold);
    let start = historyStart(window, end, most, history.raw);
    let state: ParserState = State.ground;
    if (text !== undefined) {
      const first = countBefore(text, end) - most;
      const wanted = first <= 0 ? 0 : text.beginOf(first);
      start = Math.max(wanted, end - history.raw);
      // a byte of the text stands outside all sequences
      if (start !== wanted || first <= 0) state = this.#stateAt(window, start);
    }
    const before = this.#window;
    this.#window = Buffer.from(window.subarray(start));
    before.fill(0);
    this.#state = state;
    this.#emitted = end - start;
    for (const masking of [this.#onLine, this.#inPayload]) {
      if (masking !== undefined) masking.end -= start;
    }
  }
}

/** How many canonical bytes stand before a raw offset. */
function countBefore(text: Canonical, end: number): number {
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (text.placeOf(middle) < end) low = middle + 1;
    else high = middle;
  }
  return low;
}
