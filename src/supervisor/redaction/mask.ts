import { REDACTED } from '../../../protocol/credential.ts';
import { BACKSPACE, type ParserState, State, stateBehind } from './parser.ts';
import { cellsOf, lengthOf } from './width.ts';

export type StreamMode = 'pipe' | 'tty';

const MARKER = Buffer.from(REDACTED);
/** Cells below which the marker does not fit on a terminal. */
const markerCells = MARKER.length;
const BLANK = 0x20;
const STAR = 0x2a;

/** What was made of some masked bytes. */
interface Masked {
  readonly out: Buffer;
  /** Up to where: a run of cells that is too narrow for the marker waits for what follows. */
  readonly upTo: number;
}

/** Where a row of cells that shows the marker goes on. */
interface Row {
  readonly column: number;
}

/** What takes the place of a value on a terminal. */
class Cells {
  readonly out: number[] = [];
  /** By column of a row that shows nothing yet: places in `out` that fill it, several where it is overstruck. */
  #columns: number[][] = [];
  #column: number;
  #isMarked: boolean;

  constructor(row: Row | undefined) {
    this.#isMarked = row !== undefined;
    this.#column = row?.column ?? 0;
  }

  /** Whether cells wait for what they show. */
  get open(): boolean {
    return this.#columns.length > 0;
  }

  /** The row that a further part of the value goes on in, where that shows the marker. */
  get row(): Row | undefined {
    return this.#isMarked ? { column: this.#column } : undefined;
  }

  /** Adds the cells of one character; answers whether the marker is shown. */
  add(count: number, placed: boolean): boolean {
    for (let cell = count; cell > 0; cell -= 1) this.#addCell(placed);
    if (placed || this.#columns.length < markerCells) return placed;
    for (const [column, places] of this.#columns.entries()) {
      for (const place of places) this.out[place] = MARKER[column] ?? BLANK;
    }
    this.#columns = [];
    this.#isMarked = true;
    return true;
  }

  #addCell(placed: boolean): void {
    const column = this.#column;
    this.#column += 1;
    const place = this.out.push((this.#isMarked && MARKER[column]) || BLANK) - 1;
    if (placed) return;
    this.#columns[column] ??= [];
    this.#columns[column].push(place);
  }

  /** The next character takes the place of the last one. */
  back(): void {
    this.#column = Math.max(0, this.#column - 1);
    this.out.push(BACKSPACE);
  }

  /** A blank or control ends a row, and stays. */
  gap(byte: number): void {
    this.close();
    this.out.push(byte);
  }

  /** No more comes: a row that is too narrow for the marker. */
  close(): void {
    for (const place of this.#columns.flat()) this.out[place] = STAR;
    this.#columns = [];
    this.#column = 0;
    this.#isMarked = false;
  }
}

/** What a byte is: of the line, of a title, link or clipboard sequence, or what such a sequence is made of. */
type Kind = 'text' | 'payload' | 'control';

interface Range {
  readonly start: number;
  readonly end: number;
}

/** How a stretch of a value is masked. */
interface Covering {
  /** The value ends there, or nobody waits for more of it. */
  readonly ends: boolean;
  /** Values of the other kind within: a title that is set in the middle of a line holds one by itself. */
  readonly others: readonly Range[];
}

/**
 * Masks one value, however its bytes are cut. In a pipe it becomes the marker, followed by the escape
 * sequences that stood in it. On a terminal all stays in its place: escape sequences, blanks, line ends;
 * the first ten cells in a row show the marker, the others are blank; where no ten stand in a row each is `*`.
 */
export class Mask {
  readonly #mode: StreamMode;
  readonly #own: Kind;
  #state: ParserState;
  #placed = false;
  #row: Row | undefined;

  /** `own`: what the value is made of; a payload has no cells on a terminal. */
  constructor(mode: StreamMode, state: ParserState, own: 'text' | 'payload' = 'text') {
    this.#mode = own === 'payload' ? 'pipe' : mode;
    this.#own = own;
    this.#state = state;
  }

  /** Where the parser stands when the value goes on behind bytes that were not masked. */
  goOn(state: ParserState): void {
    this.#state = state;
  }

  /** Masks raw[from, to). */
  cover(raw: Buffer, from: number, to: number, covering: Covering): Masked {
    return this.#mode === 'pipe'
      ? this.#coverInPipe(raw, from, to, covering)
      : this.#coverOnTerminal(raw, from, to, covering);
  }

  #coverInPipe(raw: Buffer, from: number, to: number, { others }: Covering): Masked {
    const out: number[] = [];
    for (let at = from; at < to; at += 1) {
      // a sequence whose beginning is out already goes first
      if (!this.#placed && (this.#own === 'payload' || this.#state === State.ground)) {
        for (const byte of MARKER) out.push(byte);
        this.#placed = true;
      }
      const byte = raw[at] as number;
      const kind = this.#kindOf(raw, at);
      if (kind === 'control') out.push(byte);
      else if (kind !== this.#own) out.push(...otherwise(byte, at, others));
    }
    return { out: Buffer.from(out), upTo: to };
  }

  /** Moves the parser on. */
  #kindOf(raw: Buffer, at: number): Kind {
    const before = this.#state;
    this.#state = stateBehind(before, raw, at);
    if (before === State.ground && this.#state === State.ground) return 'text';
    const wasIn = before === State.string || before === State.stringEscape;
    return wasIn && this.#state === State.string ? 'payload' : 'control';
  }

  #coverOnTerminal(raw: Buffer, from: number, to: number, { ends, others }: Covering): Masked {
    const cells = new Cells(this.#row);
    let waiting = { at: from, out: 0, state: this.#state };
    for (let at = from; at < to; ) {
      if (!cells.open) waiting = { at, out: cells.out.length, state: this.#state };
      const kind = this.#coverOne(raw, at, cells, others);
      at = Math.min(to, at + (kind === 'text' ? lengthOf(raw[at] as number) : 1));
    }
    if (cells.open && ends) cells.close();
    this.#row = cells.row;
    if (!cells.open) return { out: Buffer.from(cells.out), upTo: to };
    this.#state = waiting.state;
    return { out: Buffer.from(cells.out.slice(0, waiting.out)), upTo: waiting.at };
  }

  #coverOne(raw: Buffer, at: number, cells: Cells, others: readonly Range[]): Kind {
    const byte = raw[at] as number;
    const kind = this.#kindOf(raw, at);
    if (kind === 'control') cells.out.push(byte);
    else if (kind === 'payload') cells.out.push(...otherwise(byte, at, others));
    else if (byte === BACKSPACE) cells.back();
    else if (byte <= BLANK || byte === 0x7f) cells.gap(byte);
    else this.#placed = cells.add(cellsOf(raw, at), this.#placed);
    return kind;
  }
}

/** What becomes of a byte of the other kind: it stays, or is part of a value of its own. */
function otherwise(byte: number, at: number, others: readonly Range[]): readonly number[] {
  const range = others.find(({ start, end }) => start <= at && at < end);
  if (range === undefined) return [byte];
  return at === range.start ? [...MARKER] : [];
}
