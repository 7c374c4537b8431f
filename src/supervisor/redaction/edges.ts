import type { Canonical } from './canonical.ts';
import type { Piece } from './pieces.ts';

/** So many characters may agree by chance; a fourth one would not (one in a million). */
const chance = 3;
/** Characters without a blank between them that make a word: hex digits in pairs are none. */
const word = 8;
const BLANKS: readonly number[] = [...Buffer.from(' \t\r\n')];

/** Canonical offsets of what is masked, and up to where for certain. */
interface Edges {
  readonly start: number;
  readonly end: number;
  readonly certain: number;
}

/**
 * What is masked for a piece: all but what only goes on by chance. Where a part of a value is a word, the
 * next word may begin with its next character, and the one before may end with that before it. Text that is
 * not over yet may still go on as the value does.
 */
export function edgesOf(piece: Piece, text: Canonical, raw: Buffer): Edges {
  const { form, offset, start, end } = piece;
  if (form.piece === undefined) return { start, end, certain: end };
  const isAtEnd = offset + end - start === form.bytes.length;
  const isAtBegin = offset === 0 || start === 0;
  const certain = isAtEnd ? end : end - strayAt(end, -1, piece, text, raw);
  return {
    start: isAtBegin ? start : start + strayAt(start, 1, piece, text, raw),
    end: end === text.length ? end : certain,
    certain,
  };
}

/** How many characters from an edge of the piece inwards a blank cuts off from a word of it. */
function strayAt(edge: number, step: 1 | -1, piece: Piece, text: Canonical, raw: Buffer): number {
  for (let count = 1; count <= chance; count += 1) {
    const border = edge + step * count;
    if (!isBlank(border, text, raw)) continue;
    return isWord(border, step, piece, text) ? count : 0;
  }
  return 0;
}

/** Whether blanks, and nothing else, stand right before the canonical byte `index`. */
function isBlank(index: number, text: Canonical, raw: Buffer): boolean {
  const between = raw.subarray(text.placeOf(index - 1) + 1, text.placeOf(index));
  return between.length > 0 && between.every((byte) => BLANKS.includes(byte));
}

function isWord(border: number, step: 1 | -1, piece: Piece, text: Canonical): boolean {
  const from = step === 1 ? border : border - word;
  if (from < piece.start || from + word > piece.end) return false;
  return text.placeOf(from + word - 1) - text.placeOf(from) === word - 1;
}
