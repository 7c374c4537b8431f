import { type CanonicalBytes, KEPT } from './canonical.ts';
import { hexByte } from './hex.ts';
import type { Form } from './needles.ts';
import { agreeBefore, agreeFrom, joinMin, type Piece } from './pieces.ts';

/** So many canonical bytes may lie between: a line of a hex dump, a table's other column. */
const joinWithin = 160;

/** Offsets of a form that can be told together with a place in a text, in one number. */
const offsetLimit = 2 ** 20;

/**
 * From where the pieces of one text were followed already: whoever comes there again has nothing more to
 * find. Each row of a dump leads through all the others.
 */
export class Followed {
  readonly #forwards = new Map<Form, Set<number>>();
  readonly #backwards = new Map<Form, Set<number>>();

  /** Whether it is new that a form goes on from there. */
  forwards(form: Form, offset: number, place: number): boolean {
    return isNew(this.#forwards, form, offset, place);
  }

  /** The same for how it came there. */
  backwards(form: Form, offset: number, place: number): boolean {
    return isNew(this.#backwards, form, offset, place);
  }
}

function isNew(from: Map<Form, Set<number>>, form: Form, offset: number, place: number): boolean {
  const places = from.get(form) ?? new Set();
  if (places.size === 0) from.set(form, places);
  return places.size < places.add(place * offsetLimit + offset).size;
}

/** Pieces that go on where this one ended, or led to where it began: rows of a dump, columns. */
export function joined(piece: Piece, text: CanonicalBytes, followed: Followed): Piece[] {
  if (piece.form.piece === undefined) return [];
  const next = forwards(piece, text, followed);
  const previous = backwards(piece, text, followed);
  const around = [before(piece, text), after(piece, text)].filter((one) => one !== undefined);
  // the other rows of a dump are found by themselves
  const rows =
    piece.form.pairs === true ? [piece, ...next.slice(0, 1), ...previous.slice(0, 1)] : [];
  return [...next, ...previous, ...around, ...rows.flatMap((row) => beside(row, text))];
}

/** The bytes of a dump's row once more as characters, in its next column: whole, but for what is none there. */
function beside({ form, offset, start, end }: Piece, text: CanonicalBytes): Piece[] {
  const found: Piece[] = [];
  const last = offset + end - start - 1;
  let near = end;
  for (let from = offset + (offset % 2); from < last; ) {
    let to = from;
    while (to < last && KEPT[hexByte(form.bytes, to) as number] === 1) to += 2;
    const at = (to - from) / 2 < joinMin ? -1 : findDumped(form.bytes, from, to, text, near, end);
    if (at >= 0) {
      near = at + (to - from) / 2;
      found.push({ form, offset: from, start: at, end: near });
    }
    from = to + 2;
  }
  return found;
}

/** Where the bytes that digits [from, to) stand for are in a text, behind `near` and not far from `end`. */
function findDumped(
  digits: Buffer,
  from: number,
  to: number,
  { bytes, length }: CanonicalBytes,
  near: number,
  end: number,
): number {
  const count = (to - from) / 2;
  const limit = Math.min(length, end + joinWithin) - count;
  for (let at = near; at <= limit; at += 1) {
    let agreed = 0;
    while (agreed < count && bytes[at + agreed] === hexByte(digits, from + 2 * agreed)) agreed += 1;
    if (agreed === count) return at;
  }
  return -1;
}

/**
 * A part of the value that comes right before this one, but not in the value: what belongs between them is
 * inserted later by a cursor that went back. One byte of this one is in it, so that both are masked as one.
 */
function before({ form, offset, start }: Piece, text: CanonicalBytes): Piece | undefined {
  if (start < joinMin) return;
  const last = text.bytes.subarray(start - joinMin, start);
  const at = form.bytes.subarray(0, offset).lastIndexOf(last);
  if (at < form.publicPrefix) return;
  const length = joinMin + agreeBefore(form.bytes, at, text, start - joinMin);
  return { form, offset: at + joinMin - length, start: start - length, end: start + 1 };
}

/** The same for one that comes right behind it. */
function after({ form, offset, start, end }: Piece, text: CanonicalBytes): Piece | undefined {
  if (end + joinMin > text.length) return;
  const next = text.bytes.subarray(end, end + joinMin);
  const at = form.bytes.indexOf(next, offset + end - start);
  if (at < 0) return;
  return { form, offset: at - 1, start: end - 1, end: end + agreeFrom(form.bytes, at, text, end) };
}

/** The next piece, and those behind it as far as nobody followed them before. */
function forwards(from: Piece, text: CanonicalBytes, followed: Followed): Piece[] {
  const found: Piece[] = [];
  const { form } = from;
  let offset = from.offset + from.end - from.start;
  let after = from.end;
  while (form.bytes.length - offset >= joinMin) {
    if (!followed.forwards(form, offset, after) && found.length > 0) break;
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

function backwards(from: Piece, text: CanonicalBytes, followed: Followed): Piece[] {
  const found: Piece[] = [];
  const { form } = from;
  let offset = from.offset;
  let before = from.start;
  while (offset - joinMin >= form.publicPrefix) {
    if (!followed.backwards(form, offset, before) && found.length > 0) break;
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
