import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Parser, State } from '../../../src/supervisor/redaction/parser.ts';
import {
  canonicalTail,
  historyStart,
  isToken,
  plainTail,
} from '../../../src/supervisor/redaction/tail.ts';

const TOKENS = /^[A-Za-z0-9+/=_.\-%&;#]$/;
const texts = fc
  .string({ unit: fc.constantFrom(...'ab+%;" \'\\\0\n\t!é\u007f'), maxLength: 20 })
  .map((text) => Buffer.from(text));

test('a token is of letters, digits and what encodings add to them', () => {
  for (let byte = 0; byte < 256; byte += 1) {
    expect(isToken(Buffer.of(byte))).toBe(TOKENS.test(String.fromCharCode(byte)));
  }
  expect(isToken(Buffer.from('ab!'))).toBe(false);
  expect(isToken(Buffer.from('!ab'))).toBe(false);
});

describe('the tail of plain text', () => {
  test.each([
    ['', 9, 0],
    ['word', 9, 4],
    ['word', 3, 3],
    ['word', 0, 0],
    ['word ', 9, 0],
    ['word\n', 9, 0],
    ['word!', 9, 0],
    ['a word', 9, 4],
    ['a\tword', 9, 4],
    ["a 'wo'rd", 9, 5],
    ["a wo''", 9, 4],
    ['"word', 9, 4],
    ['w\0o\0r\0d\0', 9, 8],
    ['w\0o\0r\0d\0', 2, 4],
    ['a\\', 9, 2],
    ['!"a', 9, 1],
    ['a\u007fb', 9, 3],
  ])('%j, at most %i characters: %i bytes', (text, most, length) => {
    expect(plainTail(Buffer.from(text), most)).toBe(length);
  });
});

/** Canonical tail of a text that begins outside all sequences. */
function tailOf(text: string, most = 9): number {
  const raw = Buffer.from(text);
  return canonicalTail(new Parser().parse(raw, State.ground).text, most, raw.length);
}

describe('the tail of a line with escape sequences', () => {
  test.each([
    ['', 0],
    ['word', 0],
    ['a word', 2],
    ['a\u001b[1mword', 0],
    ['a \u001b[1mword', 6],
    ['! \u001b[1m', 6],
    ['é word\u001b[0m', 3],
    ['_\bw', 0],
    ['! _\b', 2],
    ['!_\bw', 1],
    ['!x_\b', 1],
    ['!', 1],
  ])('%j begins at %i', (text, at) => {
    expect(tailOf(text)).toBe(at);
  });

  test('is no longer than it may be', () => {
    expect(tailOf('abcdefgh', 3)).toBe(5);
    expect(tailOf('abcdefgh', 0)).toBe(8);
  });

  test('is that of plain text where there is no sequence', () => {
    fc.assert(
      fc.property(texts, fc.nat(12), (raw, most) => {
        const text = raw.toString();
        // a quote behind the last token is part of one tail and not of the other
        fc.pre(!/["'\\\0\u007f]/.test(text));
        expect(raw.length - tailOf(text, most)).toBe(plainTail(raw, most));
      }),
    );
  });
});

describe('where the history begins', () => {
  test.each([
    ['abcdef', 6, 3, 99, 3],
    ['abcdef', 4, 3, 99, 1],
    ['abcdef', 6, 99, 99, 0],
    ['abcdef', 6, 99, 2, 4],
    ['abcdef', 6, 0, 99, 6],
    ['ab c d', 6, 3, 99, 1],
    ['ab " d', 6, 2, 99, 1],
    ['     a', 6, 2, 3, 3],
    ['', 0, 5, 5, 0],
  ])('%j up to %i, %i bytes that count in %i: %i', (text, end, most, limit, start) => {
    expect(historyStart(Buffer.from(text), end, most, limit)).toBe(start);
  });
});
