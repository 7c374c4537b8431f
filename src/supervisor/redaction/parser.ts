import { type Canonical, KEPT, makeRoom } from './canonical.ts';

/** One that is made by the parser. */
export interface ParsedText extends Canonical {
  /** Its length when the last blank or control stood: what came before is no part of the same word. */
  readonly broken: number;
  /** Raw offset of the cell that a backspace took back and nothing has taken the place of yet; or -1. */
  readonly pending: number;
}

/** Where the escape parser stands (states of ECMA-48 and the VT500 parser, as far as lengths matter). */
export const State = {
  ground: 0,
  escape: 1,
  csi: 2,
  string: 3,
  stringEscape: 4,
  nf: 5,
  /** Behind the first byte of a C1 control. */
  c1: 6,
} as const;
export type ParserState = (typeof State)[keyof typeof State];

/** Text on the line, and the payloads of OSC, DCS and the like (titles, links, clipboard), by themselves. */
export interface Parsed {
  readonly text: ParsedText;
  /** The text as it stood before any backspace: those only move, and what they lead over stays to be seen. */
  readonly printed: Canonical | undefined;
  readonly payload: ParsedText;
  readonly state: ParserState;
}

const ESC = 0x1b;
export const BACKSPACE = 0x08;
const CAN = 0x18;
const SUB = 0x1a;
const BEL = 0x07;
export const LF = 0x0a;
export const CR = 0x0d;
/** The first byte of U+0080 to U+00BF in UTF-8. */
const LATIN = 0xc2;

/** Parsing needs no state machine where no byte of these is. */
export function isPlain(raw: Buffer): boolean {
  return raw.indexOf(ESC) < 0 && raw.indexOf(BACKSPACE) < 0 && !hasC1(raw);
}

function hasC1(raw: Buffer): boolean {
  for (let at = raw.indexOf(LATIN); at >= 0; at = raw.indexOf(LATIN, at + 1)) {
    if (isC1(raw, at)) return true;
  }
  return false;
}

/**
 * Whether a C1 control begins there, U+0080 to U+009F: terminals obey those like escape sequences. One
 * whose second byte has not come yet may be one.
 */
function isC1(raw: Uint8Array, at: number): boolean {
  if (raw[at] !== LATIN) return false;
  return at === raw.length - 1 || ((raw[at + 1] as number) & 0xe0) === 0x80;
}

/** Bytes of a payload after which an unterminated sequence is text again: a printed binary is no title. */
const payloadLimit = 64 * 1024;
const csiLimit = 256;

/** A canonical stream that grows, and can be taken back where backspaces do that. */
class Growing implements ParsedText {
  readonly #takesBack: boolean;
  #room = makeRoom(0);
  bytes = this.#room.bytes;
  /** Bytes that the last text can have taken. */
  #most = 0;
  length = 0;
  broken = 0;
  /** Blanks that were dropped right before the end: a backspace takes those back first. */
  #blanks = 0;
  /** Length at the last line end: no backspace leads behind it. */
  #line = 0;
  pending = -1;

  #from = new Int32Array(0);
  #at = new Int32Array(0);

  constructor(takesBack = true) {
    this.#takesBack = takesBack;
  }

  get view(): DataView {
    return this.#room.view;
  }

  get words(): Int32Array {
    return this.#room.words;
  }

  /** Overwrites what the last text left behind. */
  wipe(): void {
    this.bytes.fill(0, 0, this.#most);
  }

  placeOf(index: number): number {
    return this.#at[index] as number;
  }

  beginOf(index: number): number {
    return this.#from[index] as number;
  }

  reset(capacity: number): void {
    this.length = 0;
    this.broken = 0;
    this.#startLine();
    this.#most = capacity;
    if (this.bytes.length >= capacity) return;
    this.#room = makeRoom(2 * capacity);
    this.bytes = this.#room.bytes;
    this.#from = new Int32Array(2 * capacity);
    this.#at = new Int32Array(2 * capacity);
  }

  /** Takes text up to the next escape character or C1 control and returns where that is. */
  take(raw: Uint8Array, start: number): number {
    let at = start;
    for (; at < raw.length; at += 1) {
      const byte = raw[at] as number;
      if (byte === ESC || (byte === LATIN && isC1(raw, at))) break;
      if (byte === BACKSPACE && this.#takesBack) this.#pop();
      else if (KEPT[byte] === 1 && this.pending < 0) {
        const length = this.length;
        this.bytes[length] = byte;
        this.#from[length] = at;
        this.#at[length] = at;
        this.length = length + 1;
        this.#blanks = 0;
      } else this.push(byte, at);
    }
    return at;
  }

  push(byte: number, at: number): void {
    if (KEPT[byte] === 0) {
      if (byte === 0x20) this.#blanks += 1;
      if (byte <= 0x20 && byte > 0) this.broken = this.length;
      if (byte === LF || byte === CR) this.#startLine();
      return;
    }
    this.bytes[this.length] = byte;
    this.#from[this.length] = this.pending < 0 ? at : this.pending;
    this.#at[this.length] = at;
    this.length += 1;
    this.#blanks = 0;
    this.pending = -1;
  }

  #startLine(): void {
    this.#line = this.length;
    this.#blanks = 0;
    this.pending = -1;
  }

  #pop(): void {
    if (this.#blanks > 0) this.#blanks -= 1;
    else if (this.length > this.#line) {
      this.length -= 1;
      this.pending = this.#from[this.length] as number;
    }
  }
}

/** Parses raw bytes; what it returns is overwritten by the next call. */
export class Parser {
  readonly #text = new Growing();
  readonly #printed = new Growing(false);
  readonly #payload = new Growing();

  parse(raw: Uint8Array, initial: ParserState): Parsed {
    const text = this.#text;
    const payload = this.#payload;
    const goesBack = raw.includes(BACKSPACE);
    text.reset(raw.length);
    this.#printed.reset(goesBack ? raw.length : 0);
    payload.reset(raw.length);
    let state: ParserState = initial;
    let begun = 0;
    for (let at = 0; at < raw.length; at += 1) {
      if (state === State.ground) {
        at = this.#take(raw, at, goesBack);
        if (at === raw.length) break;
        state = stateBehind(state, raw, at);
        begun = at;
        continue;
      }
      const byte = raw[at] as number;
      const inString = state === State.string || state === State.stringEscape;
      const next = stateBehind(state, raw, at);
      if (inString && next === State.string) payload.push(byte, at);
      state = at - begun > (inString ? payloadLimit : csiLimit) ? State.ground : next;
    }
    return { text, printed: goesBack ? this.#printed : undefined, payload, state };
  }

  #take(raw: Uint8Array, start: number, goesBack: boolean): number {
    if (goesBack) this.#printed.take(raw, start);
    return this.#text.take(raw, start);
  }

  wipe(): void {
    this.#text.wipe();
    this.#printed.wipe();
    this.#payload.wipe();
  }
}

/** State behind some bytes. */
export function stateAfter(raw: Uint8Array, initial: ParserState): ParserState {
  return new Parser().parse(raw, initial).state;
}

/** What follows each state, but for ESC, CAN and SUB. */
const rules: Readonly<Record<ParserState, (byte: number) => ParserState>> = {
  [State.ground]: () => State.ground,
  [State.escape]: afterEscape,
  [State.csi]: (byte) => (byte >= 0x40 && byte <= 0x7e ? State.ground : State.csi),
  [State.string]: (byte) => (byte === BEL ? State.ground : State.string),
  [State.stringEscape]: (byte) => (byte === 0x5c ? State.ground : afterEscape(byte)),
  [State.nf]: (byte) => (isIntermediate(byte) ? State.nf : State.ground),
  // C1 is ESC and the same less 0x40 (ECMA-48 §5.3)
  [State.c1]: (byte) => afterEscape(byte - 0x40),
};

function afterEscape(byte: number): ParserState {
  if (byte === 0x5b) return State.csi; // [
  // ] P X ^ _
  if (byte === 0x5d || byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) {
    return State.string;
  }
  return isIntermediate(byte) ? State.nf : State.ground;
}

function isIntermediate(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x2f;
}

/** State and byte to state: looked up for each byte of a sequence. */
const transitions = new Uint8Array(Object.keys(State).length << 8);
for (const state of Object.values(State)) {
  for (let byte = 0; byte < 256; byte += 1) transitions[(state << 8) | byte] = rules[state](byte);
  transitions[(state << 8) | ESC] = state === State.string ? State.stringEscape : State.escape;
  for (const byte of [CAN, SUB]) transitions[(state << 8) | byte] = State.ground;
}

/** The state behind one byte of a text. */
export function stateBehind(state: ParserState, raw: Uint8Array, at: number): ParserState {
  const byte = raw[at] as number;
  if (byte === LATIN && isC1(raw, at)) return State.c1;
  return transitions[(state << 8) | byte] as ParserState;
}
