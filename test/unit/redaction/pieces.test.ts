import { describe, expect, test } from 'vitest';
import { PlainText } from '../../../src/supervisor/redaction/canonical.ts';
import { Followed, joined } from '../../../src/supervisor/redaction/joins.ts';
import type { Form } from '../../../src/supervisor/redaction/needles.ts';
import { Parser, State } from '../../../src/supervisor/redaction/parser.ts';
import { covers, type Piece, pieceAt } from '../../../src/supervisor/redaction/pieces.ts';
import { standsWhole } from '../../../src/supervisor/redaction/whole.ts';

const VALUE = 'pre_AbCdEfGhIjKlMnOpQrStUvWxYz';

/** A form of which every byte is unforeseen, but for those named. */
function formOf(value: string, changes: Partial<Form> & { row?: readonly number[] } = {}): Form {
  const { row = [], ...others } = changes;
  const unforeseen = new Uint16Array(value.length + 1);
  for (let at = 0; at < value.length; at += 1) {
    unforeseen[at + 1] = (unforeseen[at] as number) + (row.includes(at) ? 0 : 1);
  }
  const bytes = Buffer.from(value.replace(/[\s'"\\]/g, ''));
  return {
    ...{ name: 'V', raw: Buffer.from(value), bytes, publicPrefix: 4, piece: 6, inside: 9 },
    unforeseen,
    ...others,
  };
}

const textOf = (text: string) => {
  const plain = new PlainText();
  plain.reset(Buffer.from(text));
  return plain;
};

/** The piece of a form around `text[at]`, which is its byte at `offset`. */
function around(text: string, at: number, offset: number, form = formOf(VALUE)): Piece | undefined {
  return pieceAt(form, offset, textOf(text), at);
}

const tells = (...place: Parameters<typeof around>) => around(...place) !== undefined;

describe('a piece', () => {
  test('goes as far as form and text agree', () => {
    expect(around('..IjKlMnOpQ..', 3, 13)).toMatchObject({ offset: 12, start: 2, end: 11 });
    expect(around('IjKlMnOpQ', 1, 13)).toMatchObject({ offset: 12, start: 0, end: 9 });
    expect(around(VALUE, 0, 0)).toMatchObject({ offset: 0, start: 0, end: VALUE.length });
    expect(around(`x${VALUE}x`, 9, 8)).toMatchObject({ offset: 0, start: 1, end: 31 });
    expect(around('pre_AbCdEf', 5, 5)).toMatchObject({ offset: 0, start: 0, end: 10 });
    expect(around('UvWxYz', 2, 26)).toMatchObject({ offset: 24, start: 0, end: 6 });
  });

  test.each([
    ['the whole', VALUE, 0, true],
    ['six secret bytes of its beginning', VALUE.slice(0, 10), 0, true],
    ['five of them', VALUE.slice(0, 9), 0, false],
    ['six from inside of the public prefix', VALUE.slice(2, 10), 2, true],
    ['six right behind it', VALUE.slice(4, 10), 4, true],
    ['six one byte further', VALUE.slice(5, 11), 5, false],
    ['six of its end', VALUE.slice(-6), 24, true],
    ['five of its end', VALUE.slice(-5), 25, false],
    ['nine from its middle', VALUE.slice(8, 17), 8, true],
    ['eight from its middle', VALUE.slice(8, 16), 8, false],
    ['the public prefix alone', 'pre_', 0, false],
  ])('tells the value: %s', (_, text, offset, expected) => {
    expect(tells(text, 0, offset)).toBe(expected);
  });

  test('ends with the text, whatever its room held before', () => {
    const text = new PlainText();
    for (const written of [`xx${VALUE}`, `xx${VALUE.slice(0, 12)}`])
      text.reset(Buffer.from(written));
    expect(pieceAt(formOf(VALUE), 0, text, 2)).toMatchObject({ offset: 0, start: 2, end: 14 });
    expect(pieceAt(formOf(VALUE), 11, text, 13)).toMatchObject({ offset: 0, start: 2, end: 14 });
    expect(pieceAt(formOf(VALUE), 12, text, 14)).toMatchObject({ offset: 0, start: 2, end: 14 });
  });

  test('tells it by the bytes that nobody could guess', () => {
    const form = formOf(VALUE, { row: [10, 11] });
    expect(tells(VALUE.slice(8, 17), 0, 8, form)).toBe(false);
    expect(tells(VALUE.slice(8, 18), 0, 8, form)).toBe(false);
    expect(tells(VALUE.slice(8, 19), 0, 8, form)).toBe(true);
    const prefixOnly = formOf(VALUE, { row: [0, 1, 2, 3] });
    expect(tells(VALUE.slice(0, 10), 0, 0, prefixOnly)).toBe(true);
    const guessed = formOf(VALUE, { row: [...VALUE].map((_, at) => at) });
    expect(tells(VALUE.slice(0, -1), 0, 0, guessed)).toBe(false);
    expect(tells(VALUE, 0, 0, guessed)).toBe(true);
  });

  test('of a short value is no piece: only the whole tells it', () => {
    const form = formOf('secret', { piece: undefined, publicPrefix: 0 });
    expect(tells('secret', 0, 0, form)).toBe(true);
    expect(tells('secre', 0, 0, form)).toBe(false);
  });
});

/** Whether a short value that was found in a text stands there whole. */
function stands(value: string, text: string, changes: Partial<Form> = {}): boolean {
  const form = formOf(value, { piece: undefined, publicPrefix: 0, ...changes });
  const raw = Buffer.from(text);
  const parsed = new Parser().parse(raw, State.ground).text;
  const at = Buffer.from(parsed.bytes.subarray(0, parsed.length)).indexOf(form.bytes);
  if (at < 0) throw new Error('not in the canonical text');
  const piece = { form, offset: 0, start: at, end: at + form.bytes.length };
  return standsWhole(piece, parsed, raw);
}

test('a short value in hex may have blanks between its bytes, and nowhere else', () => {
  const inHex = { piece: undefined, publicPrefix: 0, pairs: true } as const;
  expect(stands('616263313233', '61 62 63\t31  32 33', inHex)).toBe(true);
  expect(stands('616263313233', '6162 6331 3233', inHex)).toBe(true);
  expect(stands('616263313233', '616 263 313 233', inHex)).toBe(false);
  expect(stands('616263313233', '61 "62 63 31 32 33', inHex)).toBe(false);
  expect(stands('616263313233', '61 62 63 31 32 33')).toBe(false);
});

describe('a short value stands whole', () => {
  test.each([
    ['abc123', 'x abc123 y', true],
    ['abc123', 'a b c 1 2 3', false],
    ['abc123', 'abc 123', false],
    ['abc123', 'abc"123', false],
    ['abc123', 'abc\n123', true],
    ['abc123', 'abc\r\n123', true],
    ['abc123', 'abc\t123', false],
    ['abc!23', 'abc\\!23', true],
    ['a b"c', 'x a\\ b""c y', true],
    ["it's12", `it'\\''s12`, true],
    ["it's12", `i"t's12`, false],
    ['abc123', 'abc\u001b[1m123\u001b[m', true],
    ['a b"c', 'x a b"c y', true],
    ['a b"c', 'x abc y', false],
    ['a b"c', 'x a  b"c y', false],
    ['a b"c', `x a \u001b[1mb"c y`, true],
    ['"abc"', 'x abc y', true],
    ['"abc"', 'x ab c y', false],
    ['"a bc"', 'x a bc y', true],
    ['a  b', 'a b', false],
    ['a  b!', 'a\n    b!', true],
    ['a  b!', 'a \r\nb!', true],
    ['a "b!', 'a\n"b!', true],
    ['a "b!', 'a\nb!', false],
    ['abc123', 'abc\n  123', false],
    ['abc123', 'abc \r123', true],
    ['abc 123', 'abc \r123', true],
    ['abc 123', 'abc \u001b[18;20H\u001b[1K\r123', true],
    ['abc 123', 'abc\u001b[1X\u001b[C123', true],
    ['abc 123', 'abc\u001b[1X123', false],
    ['abc 123', 'abc\u001bH123', false],
    ['abc 123', 'abc\u001b]0;C\u0007123', false],
    ['abc123', 'abc\u001b[C123', true],
    ['abc 123', `abc '\n   '123`, true],
    ['abc 123', `abc ' '123`, false],
    ['abc123', `abc'\n'123`, false],
    ['abc123', 'abc\\\n  \\123', true],
    ['abc123', 'abc\\  123', false],
    ['abc123', 'abc \b123', true],
    ['abc123', 'abc \r\n123', false],
    ['abc123', 'abc"\r123', false],
    ['abc123', 'abc\n\b123', false],
    ['abc123', 'a\bab\bbc\bc1\b12\b23\b3', true],
    ['abc123', '_\ba_\bb_\bc_\b1_\b2_\b3', true],
    ['abc 123', 'a\0b\0c\0 \x001\x002\x003\0', true],
    ['abc123', 'a\0\0\0b\0\0\0c\0\0\x001\0\0\x002\0\0\x003', true],
    ['a bc12', 'a\0 \0b\0c\x001\x002\0', true],
    ['abc123', 'a\0b\0c1\x002\x003\0', false],
    ['abc123', 'abc\x00123', false],
  ])('%j in %j: %s', (value, text, expected) => {
    expect(stands(value, text)).toBe(expected);
  });

  test('pieces of other values stand as they are', () => {
    const piece = { form: formOf(VALUE), offset: 0, start: 0, end: VALUE.length };
    expect(standsWhole(piece, textOf('nothing'), Buffer.from('nothing'))).toBe(true);
  });
});

describe('one piece covers another', () => {
  const whole = formOf(VALUE);
  const piece = (start: number, end: number, form = whole, offset = start): Piece => ({
    ...{ form, offset, start, end },
  });

  test.each([
    ['a longer one a shorter inside', piece(2, 20), piece(4, 20), true],
    ['also at its beginning', piece(2, 20), piece(2, 19), true],
    ['not one that begins before it', piece(3, 21), piece(2, 19), false],
    ['nor one that ends behind it', piece(2, 20), piece(4, 21), false],
    ['itself', piece(2, 20), piece(2, 20), true],
  ])('%s', (_, one, other, expected) => {
    expect(covers(one, other)).toBe(expected);
  });

  test('not of another value, nor of one that has to stand whole', () => {
    expect(covers(piece(2, 20), piece(4, 18, formOf(VALUE, { name: 'W' })))).toBe(false);
    const short = formOf(VALUE, { piece: undefined });
    expect(covers(piece(2, 20, short), piece(4, 18, short))).toBe(false);
  });

  test('of the same length only where both spellings go on alike', () => {
    const spelled = (value: string) => piece(10, 16, formOf(value), 10);
    const base = spelled('0123456789abcdef0123456789');
    expect(covers(base, spelled('xxxxxx6789abcdef0123xxxxxx'))).toBe(true);
    expect(covers(base, spelled('xxxxxxx789abcdef0123456789'))).toBe(false);
    expect(covers(base, spelled('0123456789abcdef012x456789'))).toBe(false);
    expect(covers(base, spelled('012345678xabcdef0123456789'))).toBe(false);
    expect(covers(base, spelled('0123456789abcdefx123456789'))).toBe(false);
  });
});

/** What is joined to the piece at `from` of a text, as [offset in the form, text]. */
function joinedTo(text: string, from: string, form = formOf(VALUE)): [number, string][] {
  const start = text.indexOf(from);
  const offset = VALUE.indexOf(from);
  const rest = [...text.slice(start)].findIndex((byte, more) => byte !== VALUE[offset + more]);
  const piece = { form, offset, start, end: rest < 0 ? text.length : start + rest };
  return joined(piece, textOf(text), new Followed()).map(({ offset, start, end }) => [
    offset,
    text.slice(start, end),
  ]);
}

describe('further pieces are joined', () => {
  test.each([
    ['that go on where it ended', 'EfGhIjKlMn--OpQrSt', 'EfGhIjKlMn', [[18, 'OpQrSt']]],
    [
      'and again',
      'EfGhIj-KlMn-OpQrSt',
      'EfGhIj',
      [
        [14, 'KlMn'],
        [18, 'OpQrSt'],
      ],
    ],
    ['of four bytes at least', 'EfGhIjKlMn--OpQ', 'EfGhIjKlMn', []],
    ['not further on', 'EfGhIjKlMn--PqrS', 'EfGhIjKlMn', []],
    [
      'up to the end of the value',
      'EfGhIjKlMn--OpQrStUvWxYz0',
      'EfGhIjKlMn',
      [[18, 'OpQrStUvWxYz']],
    ],
    ['not fewer than four at its end', `${VALUE.slice(4, 27)}--xYz`, VALUE.slice(4, 27), []],
    ['that lead to where it began', 'AbCdEf--GhIjKlMn', 'GhIjKlMn', [[4, 'AbCdEf']]],
    [
      'and to that',
      'AbCd-EfGh-IjKlMnOp',
      'IjKlMnOp',
      [
        [8, 'EfGh'],
        [4, 'AbCd'],
      ],
    ],
    ['with what it has of the public prefix', 're_AbCd--EfGhIjKl', 'EfGhIjKl', [[1, 're_AbCd']]],
    ['not of the public prefix alone', 'pre_--AbCdEfGh', 'AbCdEfGh', []],
    ['nor too short', 'bCd--EfGhIjKl', 'EfGhIjKl', []],
    [
      'on both sides',
      'AbCd--EfGhIjKl--MnOp',
      'EfGhIjKl',
      [
        [16, 'MnOp'],
        [4, 'AbCd'],
      ],
    ],
    ['right before it, from further in front', 'AbCdEfKlMnOpQr', 'KlMnOpQr', [[4, 'AbCdEfK']]],
    ['with the public prefix', '..pre_AbCdKlMnOpQr', 'KlMnOpQr', [[0, 'pre_AbCdK']]],
    ['not fewer than four', 'bCdKlMnOpQr', 'KlMnOpQr', []],
    ['nor the public prefix alone', 'pre_KlMnOpQr', 'KlMnOpQr', []],
    ['right behind it, from further on', 'AbCdEfGhQrStUv..', 'AbCdEfGh', [[19, 'hQrStUv']]],
    ['up to the end', 'AbCdEfGhUvWxYz', 'AbCdEfGh', [[23, 'hUvWxYz']]],
    ['and not fewer than four', 'AbCdEfGhQrSx', 'AbCdEfGh', []],
    ['the nearest in front', 'AbCd-AbCd-EfGhIjKl', 'EfGhIjKl', [[4, 'AbCd']]],
  ])('%s', (_, text, from, expected) => {
    expect(joinedTo(text, from)).toEqual(expected);
  });

  test('within 160 bytes, both ways', () => {
    const gap = (bytes: number) => '-'.repeat(bytes);
    expect(joinedTo(`EfGhIjKl${gap(156)}MnOp`, 'EfGhIjKl')).toEqual([[16, 'MnOp']]);
    expect(joinedTo(`EfGhIjKl${gap(157)}MnOp`, 'EfGhIjKl')).toEqual([]);
    expect(joinedTo(`AbCd${gap(156)}EfGhIjKl`, 'EfGhIjKl')).toEqual([[4, 'AbCd']]);
    expect(joinedTo(`AbCd${gap(157)}EfGhIjKl`, 'EfGhIjKl')).toEqual([]);
    // one that begins within goes as far as it does
    expect(joinedTo(`EfGhIjKl${gap(156)}MnOpQr`, 'EfGhIjKl')).toEqual([[16, 'MnOpQr']]);
  });

  test('to what is whole there is nothing, nor to a value that has to stand whole', () => {
    expect(joinedTo(`${VALUE}--AbCd`, VALUE)).toEqual([]);
    const short = formOf(VALUE, { piece: undefined });
    expect(joinedTo('EfGhIjKlMn--OpQrSt', 'EfGhIjKlMn', short)).toEqual([]);
  });
});
