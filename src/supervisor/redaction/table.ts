import { type Canonical, PlainText } from './canonical.ts';
import { edgesOf } from './edges.ts';
import { Grams } from './grams.ts';
import { type Form, formsOf, type Needle, wipe } from './needles.ts';
import { isPlain, type ParsedText, Parser, type ParserState, State } from './parser.ts';
import type { Piece } from './pieces.ts';
import { piecesIn, type Wanted } from './search.ts';
import { isToken } from './tail.ts';
import { standsWhole } from './whole.ts';

/** A value, or a piece of one, stands in the raw text at [start, end). */
export interface Span {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** In a title, link or clipboard sequence, where no cell shows it. */
  readonly payload: boolean;
  /**
   * Up to where more may only make it longer; nothing of a short value that stands whole, of which a longer
   * one may be a part, nor what goes on by chance.
   */
  readonly certain: number;
  /** The value may go on behind it. */
  readonly open: boolean;
}

/** What a text was found to hold. */
export type Found = {
  /** By start. */
  readonly spans: readonly Span[];
  /** State of the escape parser behind it. */
  readonly state: ParserState;
} & (Texts | { readonly text?: never; readonly payload?: never });

/** Absent for plain text; valid until the next call. */
interface Texts {
  readonly text: ParsedText;
  readonly payload: ParsedText;
}

/** Longer than any public prefix with the secret bytes that make a piece. */
const pieceHold = 64;

/** Moves bytes of a value to where those are kept. */
type Keep = (bytes: Buffer) => Buffer;

/** What to look for: immutable, one per session, shared by all streams. */
export class RedactionTable {
  /** Bytes at the end of a text in which a value may have begun unseen: token characters, any. */
  readonly tokenHold: number;
  readonly anyHold: number;
  readonly #wanted: Wanted;
  readonly #plain = new PlainText();
  readonly #parser = new Parser();

  private constructor(wanted: Wanted) {
    this.#wanted = wanted;
    const { forms } = wanted;
    const whole = forms.filter(({ piece }) => piece === undefined);
    const beginnings = forms.map(({ publicPrefix, piece = 0 }) => publicPrefix + piece);
    this.tokenHold = Math.max(pieceHold, ...beginnings, ...whole.map(({ raw }) => raw.length));
    const loose = whole.filter(({ raw }) => !isToken(raw));
    this.anyHold = Math.max(1, ...loose.map(({ raw }) => raw.length)) - 1;
  }

  /** Copies what it needs of the values to where `keep` puts them; `wipe` overwrites the copies. */
  static build(needles: readonly Needle[], keep: Keep = (bytes) => bytes): RedactionTable {
    const forms = needles.flatMap((needle) => formsOf(needle).map((form) => kept(form, keep)));
    return new RedactionTable({ forms, grams: gramsOf(forms), hidden: new Set() });
  }

  /** The same without these names, for one authorised call. It shares its values with this table. */
  without(names: readonly string[]): RedactionTable {
    return new RedactionTable({ ...this.#wanted, hidden: new Set(names) });
  }

  /** Whether it lets values through: then what was looked at may hold one. */
  get hides(): boolean {
    return this.#wanted.hidden.size > 0;
  }

  /** Overwrites the values, also for the tables derived by `without`. */
  wipe(): void {
    for (const grams of this.#wanted.grams) grams.wipe();
    for (const form of this.#wanted.forms) {
      wipe(form);
      form.raw = Buffer.alloc(0);
      form.bytes = Buffer.alloc(0);
    }
    this.forget();
  }

  /** Overwrites what the last text left behind, which may hold a value. */
  forget(): void {
    this.#plain.wipe();
    this.#parser.wipe();
  }

  /** All that gives a value away in `raw`, which begins in `state`. */
  find(raw: Buffer, state: ParserState = State.ground): Found {
    if (state === State.ground && isPlain(raw)) return { spans: this.#inPlain(raw), state };
    const { printed, ...parsed } = this.#parser.parse(raw, state);
    const spans = [
      ...this.#inCanonical(parsed.text, raw, false),
      ...(printed === undefined ? [] : this.#inCanonical(printed, raw, false)),
      ...this.#inCanonical(parsed.payload, raw, true),
    ];
    return { spans: inOrder(spans), ...parsed };
  }

  #inPlain(raw: Buffer): Span[] {
    this.#plain.reset(raw);
    return inOrder(this.#inCanonical(this.#plain, raw, false));
  }

  #inCanonical(text: Canonical, raw: Buffer, payload: boolean): Span[] {
    const pieces = piecesIn(text, this.#wanted);
    return pieces.length === 0 ? [] : spansOf(pieces, text, raw, payload);
  }
}

function kept(form: Form, keep: Keep): Form {
  form.raw = keep(form.raw);
  form.bytes = keep(form.bytes);
  return form;
}

function inOrder(spans: Span[]): Span[] {
  return spans.length < 2 ? spans : spans.sort((a, b) => a.start - b.start);
}

function spansOf(pieces: readonly Piece[], text: Canonical, raw: Buffer, payload: boolean): Span[] {
  return pieces
    .filter((piece) => standsWhole(piece, text, raw))
    .map((piece) => spanOf(piece, text, raw, payload));
}

function spanOf(piece: Piece, text: Canonical, raw: Buffer, payload: boolean): Span {
  const { form, offset } = piece;
  const { start, end, certain } = edgesOf(piece, text, raw);
  const endOf = (index: number) => text.placeOf(index - 1) + 1;
  return {
    name: form.name,
    start: text.beginOf(start),
    end: endOf(end),
    payload,
    certain: form.piece === undefined ? 0 : endOf(certain),
    open: offset + end - piece.start < form.bytes.length,
  };
}

/**
 * A table for each length that a piece must have: the longer, the fewer places of a text are looked at.
 * Pieces of irregular values may begin anywhere; of the others only the whole counts.
 */
function gramsOf(forms: readonly Form[]): Grams[] {
  const lengths = [...new Set(forms.map(({ piece = 0 }) => piece))];
  return lengths.map((piece) => {
    const own = forms.flatMap((form, index) =>
      (form.piece ?? 0) === piece ? [{ index, bytes: form.bytes }] : [],
    );
    const shortest = Math.min(...own.map(({ bytes }) => bytes.length));
    const most = own.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const grams = new Grams(most, piece === 0 ? shortest : Math.min(piece, shortest));
    for (const { index, bytes } of own) {
      grams.addAll(bytes, index, piece === 0 ? grams.step : bytes.length);
    }
    grams.finish();
    return grams;
  });
}
