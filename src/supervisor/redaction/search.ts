import type { CanonicalBytes } from './canonical.ts';
import type { Grams } from './grams.ts';
import { Followed, joined } from './joins.ts';
import type { Form } from './needles.ts';
import { covers, type Piece, pieceAt } from './pieces.ts';

/** Bytes before the end of a piece in which another form may begin to agree, and lead further. */
const seam = 8;

/** What is looked for: of the forms only those whose names are not hidden. */
export interface Wanted {
  readonly forms: readonly Form[];
  readonly grams: readonly Grams[];
  readonly hidden: ReadonlySet<string>;
}

const none: readonly Piece[] = [];

/** All pieces in a text that give a value away, in no order. */
export function piecesIn(text: CanonicalBytes, wanted: Wanted): Piece[] {
  const pieces: Piece[] = [];
  let followed: Followed | undefined;
  for (const grams of wanted.grams) {
    let last = none;
    const candidates = grams.candidates(text);
    for (let index = 0; index < candidates.length; index += 2) {
      const at = candidates[index] as number;
      const found = piecesAt(at, candidates[index + 1] as number, text, wanted, grams, last);
      if (found.length === 0) continue;
      last = found;
      followed ??= new Followed();
      for (const piece of found) pieces.push(piece, ...joined(piece, text, followed));
    }
  }
  return pieces;
}

/**
 * The pieces around one gram, whose first entry is `first`, that the last ones do not cover. The spellings
 * of a long value differ in few bytes: well inside a piece of a value nothing more of it is looked for.
 */
function piecesAt(
  at: number,
  first: number,
  text: CanonicalBytes,
  { forms, hidden }: Wanted,
  grams: Grams,
  last: readonly Piece[],
): readonly Piece[] {
  let found: Piece[] | undefined;
  for (let entry = first; entry > 0; entry = grams.next(entry)) {
    const form = forms[grams.form(entry)] as Form;
    if (isInside(last[0], form, at)) continue;
    const offset = grams.offset(entry);
    const piece = pieceAt(form, offset, text, at);
    if (piece === undefined || hidden.has(form.name)) continue;
    if (isCovered(piece, last) || isCovered(piece, found ?? none)) continue;
    found ??= [];
    found.push(piece);
  }
  return found ?? none;
}

function isInside(piece: Piece | undefined, { name, piece: least }: Form, at: number): boolean {
  return (
    piece !== undefined && least !== undefined && at + seam < piece.end && name === piece.form.name
  );
}

function isCovered(piece: Piece, by: readonly Piece[]): boolean {
  for (const one of by) if (covers(one, piece)) return true;
  return false;
}
