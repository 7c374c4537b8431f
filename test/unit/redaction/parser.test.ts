import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isPlain,
  Parser,
  type ParserState,
  State,
  stateAfter,
  stateBehind,
} from '../../../src/supervisor/redaction/parser.ts';

const esc = '\u001b';
const unit = fc.constantFrom(
  ...['a', 'b', '"', '\\', ' ', '\0', '\n', '\r', '\b', '\t', 'é', '\u0007', '\u0018', '\u001a'],
  ...[esc, `${esc}[`, `${esc}]0;`, `${esc}P`, `${esc}X`, `${esc}^`, `${esc}_`, `${esc}(`],
  ...['\u009b', '\u009d0;', '\u009c', '\u0090', '\u0085', '£', '\u009b1mx'],
  ...['1', ';', 'm', '~', '@', '?', `${esc}\\`, `${esc}c`, `${esc}[1mx`, `${esc}]8;;u\u0007`],
);
const texts = fc.array(unit, { maxLength: 40 }).map((units) => Buffer.from(units.join('')));

/** A cell of the line: its byte, where it begins, where its byte stands. */
type Cell = readonly [byte: number, from: number, at: number];

/** The same as the parser, said as slowly and plainly as it can be. */
function slowly(raw: Buffer, initial: ParserState) {
  let state: ParserState = initial;
  let cells: Cell[] = [];
  const payload: Cell[] = [];
  let [line, blanks, broken, payloadBroken, pending] = [0, 0, 0, 0, -1];
  const onLine = (byte: number, at: number) => {
    if (byte === 0x08) {
      if (blanks > 0) blanks -= 1;
      else if (cells.length > line) {
        pending = (cells.at(-1) as Cell)[1];
        cells = cells.slice(0, -1);
      }
    } else if (byte <= 0x20 || [0x22, 0x27, 0x5c, 0x7f].includes(byte)) {
      if (byte === 0x20) blanks += 1;
      if (byte > 0 && byte <= 0x20) broken = cells.length;
      if (byte === 0x0a || byte === 0x0d) [line, blanks, pending] = [cells.length, 0, -1];
    } else {
      cells.push([byte, pending < 0 ? at : pending, at]);
      [blanks, pending] = [0, -1];
    }
  };
  for (const [at, byte] of raw.entries()) {
    const before = state;
    state = next(before, byte, raw[at + 1] ?? 0x80);
    if (before === State.ground && state === State.ground) onLine(byte, at);
    const inString = before === State.string || before === State.stringEscape;
    if (!inString || state !== State.string) continue;
    if (byte > 0 && byte <= 0x20) payloadBroken = payload.length;
    if (byte > 0x20 && ![0x22, 0x27, 0x5c, 0x7f].includes(byte)) payload.push([byte, at, at]);
  }
  return { state, cells, broken, pending, payload, payloadBroken };
}

/** ECMA-48 §5.3 to §5.6; CAN and SUB end all, ESC begins anew, and so does C1, two bytes in UTF-8. */
function next(state: ParserState, byte: number, following = 0): ParserState {
  const character = String.fromCharCode(byte);
  if (byte === 0xc2 && following >= 0x80 && following < 0xa0) return State.c1;
  if (state === State.ground) return character === esc ? State.escape : State.ground;
  if (character === '\u0018' || character === '\u001a') return State.ground;
  if (character === esc) return state === State.string ? State.stringEscape : State.escape;
  if (state === State.c1) return next(State.escape, byte - 0x40);
  if (state === State.csi) return /[@-~]/.test(character) ? State.ground : State.csi;
  if (state === State.string) return character === '\u0007' ? State.ground : State.string;
  if (state === State.nf) return /[ -/]/.test(character) ? State.nf : State.ground;
  if (state === State.stringEscape && character === '\\') return State.ground;
  if (character === '[') return State.csi;
  if (']PX^_'.includes(character)) return State.string;
  return /[ -/]/.test(character) ? State.nf : State.ground;
}

test('agrees with a parser that is plain and slow', () => {
  const parser = new Parser();
  fc.assert(
    fc.property(texts, fc.constantFrom(...Object.values(State)), (raw, initial) => {
      const expected = slowly(raw, initial);
      const { text, payload, state } = parser.parse(raw, initial);
      const cellsOf = (of: typeof text): Cell[] =>
        Array.from({ length: of.length }, (_, index) => [
          of.bytes[index] as number,
          of.beginOf(index),
          of.placeOf(index),
        ]);
      expect(cellsOf(text)).toEqual(expected.cells);
      expect(cellsOf(payload)).toEqual(expected.payload);
      expect({ state, broken: text.broken, pending: text.pending }).toEqual({
        state: expected.state,
        broken: expected.broken,
        pending: expected.pending,
      });
      expect(payload.broken).toBe(expected.payloadBroken);
      expect(stateAfter(raw, initial)).toBe(expected.state);
    }),
    { numRuns: 2000 },
  );
});

test('every state follows the standard on every byte', () => {
  for (const state of Object.values(State)) {
    const [from, to] = state === State.c1 ? [0x80, 0xa0] : [0, 256];
    for (let byte = from; byte < to; byte += 1) {
      for (const following of [0x41, 0x7f, 0x80, 0x9f, 0xa0, 0xc0]) {
        const behind = stateBehind(state, Buffer.of(byte, following), 0);
        expect(behind).toBe(next(state, byte, following));
      }
      expect(stateBehind(state, Buffer.of(byte), 0)).toBe(next(state, byte, 0x80));
    }
  }
});

describe('sequences that never end', () => {
  test.each([
    ['a payload', `${esc}]`, 64 * 1024],
    ['a control sequence', `${esc}[`, 256],
  ])('%s is text again after so many bytes', (_, begin, limit) => {
    const parser = new Parser();
    const held = Buffer.from(begin + '1'.repeat(limit - begin.length + 1));
    expect(parser.parse(held, State.ground).state).not.toBe(State.ground);
    expect(parser.parse(held, State.ground).text).toHaveLength(0);
    const over = Buffer.concat([held, Buffer.from('2ab')]);
    const { state, text } = parser.parse(over, State.ground);
    expect(state).toBe(State.ground);
    expect(Buffer.from(text.bytes.subarray(0, text.length)).toString()).toBe('ab');
  });

  test('one sequence is counted from its own beginning', () => {
    const line = `${esc}[1m${'x'.repeat(500)}${esc}[${'1'.repeat(200)}`;
    expect(stateAfter(Buffer.from(line), State.ground)).toBe(State.csi);
  });
});

test('text is plain without escape characters, C1 controls and backspaces', () => {
  expect(isPlain(Buffer.from('plain\r\n\t\0 text'))).toBe(true);
  expect(isPlain(Buffer.from(`a${esc}b`))).toBe(false);
  expect(isPlain(Buffer.from('ab\b'))).toBe(false);
  expect(isPlain(Buffer.from(`${esc}`))).toBe(false);
  expect(isPlain(Buffer.from('a £ \u00a0 é b\u00c2 '))).toBe(true);
  expect(isPlain(Buffer.from('a £ \u009b1m'))).toBe(false);
  expect(isPlain(Buffer.from('\u009f'))).toBe(false);
  expect(isPlain(Buffer.from([0x61, 0xc2]))).toBe(false);
});

test('what it makes of a text is seen as bytes, words and values alike, and overwritten by a wipe', () => {
  const parser = new Parser();
  const raw = Buffer.from(`secret${esc}]0;title${esc}\\secret`);
  const { text, payload } = parser.parse(raw, State.ground);
  for (const made of [text, payload]) {
    expect(made.view.buffer).toBe(made.bytes.buffer);
    expect(made.words.buffer).toBe(made.bytes.buffer);
  }
  parser.wipe();
  for (const made of [text, payload]) expect(made.bytes.every((byte) => byte === 0)).toBe(true);
});
