import { REDACTED } from '../../../protocol/credential.ts';
import { follow, type ParserState, State } from './parser.ts';
import { cellsOf, lengthOf } from './width.ts';

export type StreamMode = 'pipe' | 'tty';

const MARKER = Buffer.from(REDACTED);
/** Cells below which the marker does not fit on a terminal. */
const markerCells = MARKER.length;
const ESC = 0x1b;
const BACKSPACE = 0x08;
const BLANK = 0x20;
const STAR = 0x2a;

/** What was made of some masked bytes. */
interface Masked {
  readonly out: Buffer;
  /** Up to where: a run of cells that is too narrow for the marker waits for what follows. */
  readonly upTo: number;
}

/**
 * Masks one value, however its bytes are cut. In a pipe it becomes the marker, followed by the escape
 * sequences that stood in it. On a terminal all stays in its place: escape sequences, blanks, line ends;
 * the first ten cells in a row show the marker, the others are blank; where no ten stand in a row each is `*`.
 */
export class Mask {
  readonly #mode: StreamMode;
  #state: ParserState;
  #placed = false;

  constructor(mode: StreamMode, state: ParserState) {
    this.#mode = mode;
    this.#state = state;
  }

  /** Masks raw[from, to). `ends`: the value ends there, or nobody waits for more of it. */
  cover(raw: Buffer, from: number, to: number, ends: boolean): Masked {
    return this.#mode === 'pipe'
      ? this.#coverInPipe(raw, from, to)
      : this.#coverOnTerminal(raw, from, to, ends);
  }

  #coverInPipe(raw: Buffer, from: number, to: number): Masked {
    const out: number[] = this.#placed ? [] : [...MARKER];
    this.#placed = true;
    const inPayload = this.#state === State.string;
    for (let at = from; at < to; at += 1) {
      const byte = raw[at] as number;
      if (this.#isSequence(byte) && !(inPayload && this.#state === State.string)) out.push(byte);
    }
    return { out: Buffer.from(out), upTo: to };
  }

  /** Moves the parser on; whether the byte belongs to an escape sequence. */
  #isSequence(byte: number): boolean {
    const before = this.#state;
    if (before === State.ground && byte !== ESC) return false;
    this.#state = before === State.ground ? State.escape : follow(before, byte);
    return true;
  }

  #coverOnTerminal(raw: Buffer, from: number, to: number, ends: boolean): Masked {
    const out: number[] = [];
    /** Places in `out` of the cells that stand in a row and show nothing yet. */
    let run: number[] = [];
    let waiting = { at: from, out: 0, state: this.#state };
    const close = (filler: number) => {
      for (const place of run) out[place] = filler;
      run = [];
    };
    for (let at = from; at < to; ) {
      const byte = raw[at] as number;
      const length = this.#state === State.ground ? Math.min(lengthOf(byte), to - at) : 1;
      if (run.length === 0) waiting = { at, out: out.length, state: this.#state };
      if (this.#isSequence(byte)) out.push(byte);
      else if (byte === BACKSPACE) {
        const popped = run.pop();
        if (popped !== undefined) out[popped] = BLANK;
        out.push(byte);
      } else if (byte <= BLANK || byte === 0x7f) {
        close(STAR);
        out.push(byte);
      } else {
        for (let cell = cellsOf(raw, at); cell > 0; cell -= 1) run.push(out.push(BLANK) - 1);
        if (this.#placed) run = [];
        else if (run.length >= markerCells) {
          for (const [index, code] of MARKER.entries()) out[run[index] as number] = code;
          run = [];
          this.#placed = true;
        }
      }
      at += length;
    }
    if (run.length === 0) return { out: Buffer.from(out), upTo: to };
    if (ends) {
      close(STAR);
      return { out: Buffer.from(out), upTo: to };
    }
    this.#state = waiting.state;
    return { out: Buffer.from(out.slice(0, waiting.out)), upTo: waiting.at };
  }
}
