import type { CanonicalBytes } from './canonical.ts';
import { agreeBefore, agreeFrom, joinMin, type Piece } from './pieces.ts';

/** So many canonical bytes may lie between: a line of a hex dump, a table's other column. */
const joinWithin = 160;

/** Pieces that go on where this one ended, or led to where it began: rows of a dump, columns. */
export function joined(piece: Piece, text: CanonicalBytes): Piece[] {
  if (piece.form.piece === undefined) return [];
  const around = [before(piece, text), after(piece, text)].filter((one) => one !== undefined);
  return [...forwards(piece, text), ...backwards(piece, text), ...around];
}

/**
 * A part of the value that comes right before this one, but not in the value: what belongs between them is
 * inserted later by a cursor that went back. One byte of this one is in it, so that both are masked as one.
 */
function before({ form, offset, start }: Piece, text: CanonicalBytes): Piece | undefined {
  if (start < joinMin || offset - form.publicPrefix < joinMin) return;
  const last = text.bytes.subarray(start - joinMin, start);
  const at = form.bytes.subarray(0, offset).lastIndexOf(last);
  if (at < form.publicPrefix) return;
  const length = joinMin + agreeBefore(form.bytes, at, text, start - joinMin);
  return { form, offset: at + joinMin - length, start: start - length, end: start + 1 };
}

/** The same for one that comes right behind it. */
function after({ form, offset, start, end }: Piece, text: CanonicalBytes): Piece | undefined {
  const upTo = offset + end - start;
  if (end + joinMin > text.length || upTo + joinMin > form.bytes.length) return;
  const at = form.bytes.indexOf(text.bytes.subarray(end, end + joinMin), upTo);
  if (at < 0) return;
  return { form, offset: at - 1, start: end - 1, end: end + agreeFrom(form.bytes, at, text, end) };
}

function forwards(from: Piece, text: CanonicalBytes): Piece[] {
  const found: Piece[] = [];
  const { form } = from;
  let offset = from.offset + from.end - from.start;
  let after = from.end;
  while (form.bytes.length - offset >= joinMin) {
    const near = bytesOf(text, after, Math.min(text.length, after + joinWithin));
    const at = near.indexOf(form.bytes.subarray(offset, offset + joinMin));
    if (at < 0) break;
    const start = after + at;
    const length = agreeFrom(form.bytes, offset, text, start);
    found.push({ form, offset, start, end: start + length });
    offset += length;
    after = start + length;
  }
  return found;
}

function backwards(from: Piece, text: CanonicalBytes): Piece[] {
  const found: Piece[] = [];
  const { form } = from;
  let offset = from.offset;
  let before = from.start;
  while (offset - joinMin >= form.publicPrefix) {
    const low = Math.max(0, before - joinWithin);
    const near = bytesOf(text, low, before);
    const at = near.lastIndexOf(form.bytes.subarray(offset - joinMin, offset));
    if (at < 0) break;
    const more = agreeBefore(form.bytes, offset - joinMin, text, low + at);
    const length = joinMin + Math.min(more, at);
    const end = low + at + joinMin;
    found.push({ form, offset: offset - length, start: end - length, end });
    offset -= length;
    before = end - length;
  }
  return found;
}

/** Text [low, high), seen as bytes that can be searched. */
function bytesOf({ bytes }: CanonicalBytes, low: number, high: number): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + low, high - low);
}
