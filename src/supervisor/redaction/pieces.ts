import type { CanonicalBytes } from './canonical.ts';
import type { Form } from './needles.ts';

/** Where a form and a text agree so far that it gives the value away: canonical offsets [start, end) of the text. */
export interface Piece {
  readonly form: Form;
  /** Offset in the form of its first byte. */
  readonly offset: number;
  readonly start: number;
  readonly end: number;
}

/** A further piece of a value counts from this length where it goes on with one that is there already. */
export const joinMin = 4;

/**
 * The longest agreement around one place where both are known to be alike; none where it gives nothing
 * away. Ordinary text has many a few bytes in common with a value: nothing is made of those.
 */
export function pieceAt(
  form: Form,
  offset: number,
  text: CanonicalBytes,
  at: number,
): Piece | undefined {
  const { bytes, piece = bytes.length } = form;
  const left = agreeBefore(bytes, offset, text, at);
  const length = left + agreeFrom(bytes, offset, text, at);
  if (length < Math.min(piece, bytes.length) || !tells(form, offset - left, length)) return;
  return { form, offset: offset - left, start: at - left, end: at - left + length };
}

export function agreeBefore(
  form: Buffer,
  offset: number,
  { bytes }: CanonicalBytes,
  at: number,
): number {
  const most = Math.min(offset, at);
  let count = 0;
  while (count < most && form[offset - count - 1] === bytes[at - count - 1]) count += 1;
  return count;
}

export function agreeFrom(
  form: Buffer,
  offset: number,
  { bytes, length }: CanonicalBytes,
  at: number,
): number {
  const most = Math.min(form.length - offset, length - at);
  let count = 0;
  while (count < most && form[offset + count] === bytes[at + count]) count += 1;
  return count;
}

/** Whether so many bytes of a form give its value away. */
function tells(form: Form, offset: number, length: number): boolean {
  const isWhole = length === form.bytes.length;
  if (isWhole || form.piece === undefined) return isWhole;
  const { unforeseen, publicPrefix } = form;
  const secret =
    (unforeseen[offset + length] as number) -
    (unforeseen[Math.max(offset, publicPrefix)] as number);
  const atEdge = offset <= publicPrefix || offset + length === form.bytes.length;
  return secret >= (atEdge ? form.piece : form.inside);
}

/**
 * Whether a piece covers another of the same value, so that what is joined to it is joined to the other.
 * Of short and regular values each spelling has to stand whole by itself.
 */
export function covers(one: Piece, other: Piece): boolean {
  if (one.form.name !== other.form.name || one.form.piece === undefined) return false;
  if (one.start > other.start || one.end < other.end) return false;
  return one.end - one.start > other.end - other.start || areAlikeAround(one, other);
}

function areAlikeAround(one: Piece, other: Piece): boolean {
  const length = one.end - one.start;
  for (let step = 1; step <= joinMin; step += 1) {
    const isAlike =
      one.form.bytes[one.offset - step] === other.form.bytes[other.offset - step] &&
      one.form.bytes[one.offset + length + step - 1] ===
        other.form.bytes[other.offset + length + step - 1];
    if (!isAlike) return false;
  }
  return true;
}
