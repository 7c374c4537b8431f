import { type Canonical, KEPT } from './canonical.ts';
import { BACKSPACE, CR, LF, type ParserState, State, stateBehind } from './parser.ts';
import type { Piece } from './pieces.ts';

const NUL = 0x00;
const BLANK = 0x20;
const BACKSLASH = 0x5c;
/** What may stand inside a short value: line wraps, and what quotes the next character. */
const BETWEEN: readonly (number | undefined)[] = [...Buffer.from('\n\r\\')];
/** One of these is quoted by more of them: `""` in CSV, `'\''` in a shell. */
const QUOTES: readonly (number | undefined)[] = [...Buffer.from('\'"')];
const BLANKS: readonly (number | undefined)[] = [...Buffer.from(' \t\n\r')];
const isBlank = (byte: number) => BLANKS.includes(byte);
const isInk = (byte: number) => !isBlank(byte);

/**
 * Whether a piece stands in the raw text as it must: of short and regular values nothing but escape
 * sequences, overstrikes, line wraps, quoting and the zero bytes of UTF-16 may lie between the bytes.
 */
export function standsWhole(piece: Piece, text: Canonical, raw: Buffer): boolean {
  const { form, start, end } = piece;
  if (form.piece !== undefined) return true;
  let from = form.raw.findIndex((byte) => KEPT[byte] === 1);
  let zeros: number | undefined;
  for (let index = start; index + 1 < end; index += 1) {
    let to = from + 1;
    while (KEPT[form.raw[to] as number] === 0) to += 1;
    const own = form.raw.subarray(from + 1, to);
    const gap = gapIn(raw, text.placeOf(index) + 1, text.beginOf(index + 1));
    zeros ??= zerosOf(gap.bytes) / (own.length + 1);
    const isBetweenPairs = form.pairs === true && (index - start) % 2 === 1;
    if (!(isBetweenPairs && gap.bytes.every(isBlank)) && !fits(own, gap, zeros)) return false;
    from = to;
  }
  return true;
}

/** What lies between two characters in a text. */
interface Gap {
  /** Without escape sequences. */
  readonly bytes: readonly number[];
  /** A new line, or a cursor that was sent on, stands for blanks. */
  readonly moves: boolean;
}

/** Final characters of CSI sequences that send the cursor on: CUF, CHA, CUP, HPA, HVP. */
const MOVES: readonly (number | undefined)[] = [...Buffer.from('CGH`f')];

function gapIn(raw: Buffer, from: number, to: number): Gap {
  const bytes: number[] = [];
  let moves = false;
  let state: ParserState = State.ground;
  for (let at = from; at < to; at += 1) {
    const byte = raw[at] as number;
    const before: ParserState = state;
    state = stateBehind(before, raw, at);
    if (before === State.csi) moves ||= MOVES.includes(byte);
    if (before !== State.ground || state !== State.ground) continue;
    // `less` goes back over the blank that made a line wrap
    if (byte === BACKSPACE && bytes.at(-1) === BLANK) bytes.pop();
    else bytes.push(byte);
  }
  return { bytes, moves: moves || bytes.includes(LF) };
}

function zerosOf(bytes: readonly number[]): number {
  return bytes.filter((byte) => byte === NUL).length;
}

/** Whether what lies between two bytes in the text may stand for what lies between them in the value. */
function fits(own: Uint8Array, { bytes, moves }: Gap, zeros: number): boolean {
  if (zeros > 0 && zerosOf(bytes) !== zeros * (own.length + 1)) return false;
  const seen = zeros > 0 ? bytes.filter((byte) => byte !== NUL) : bytes;
  // what YAML continues by a backslash is indented
  const isFree = moves && (own.some(isBlank) || seen.includes(BACKSLASH));
  if (isFree) return isQuoted(own.filter(isInk), seen.filter(isInk), true);
  return isQuoted(own, seen) || isQuoted(own, seen.filter(isNoMargin));
}

/** A line editor makes the terminal wrap by a blank, and goes back over that. */
function isNoMargin(byte: number, at: number, seen: readonly number[]): boolean {
  return !(byte === BLANK && seen[at + 1] === CR && seen[at + 2] !== LF);
}

/** `open`: a string is closed and opened again where the line ends. */
function isQuoted(own: Uint8Array, seen: readonly number[], open = false): boolean {
  let next = 0;
  for (const byte of seen) {
    if (byte === own[next]) next += 1;
    else if (QUOTES.includes(byte) ? !open && !isQuote(own, next) : !BETWEEN.includes(byte))
      return false;
  }
  return next === own.length;
}

/** Whether the value's byte right before an offset, or at it, is a quote. */
function isQuote(own: Uint8Array, next: number): boolean {
  return QUOTES.includes(own[next - 1]) || QUOTES.includes(own[next]);
}
