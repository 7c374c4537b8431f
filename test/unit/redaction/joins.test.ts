import { expect, test } from 'vitest';
import { Secret } from '../../../src/secret.ts';
import { PlainText } from '../../../src/supervisor/redaction/canonical.ts';
import { joined } from '../../../src/supervisor/redaction/joins.ts';
import { type Form, formsOf } from '../../../src/supervisor/redaction/needles.ts';
import { pieceAt } from '../../../src/supervisor/redaction/pieces.ts';

const PREFIX = 'pub_';
const SECRET = 'qZ7wB2nK9xR4tL6vJ3mC8pD5sF1gH0aE';
const VALUE = PREFIX + SECRET;

function formOf(value: string): Form {
  const needle = { name: 'A', secret: new Secret(Buffer.from(value)), kind: 'text' as const };
  const forms = formsOf({ ...needle, publicPrefixes: [PREFIX] });
  return forms.find(({ raw }) => raw.toString() === value) as Form;
}

/** What is joined to the piece of the value that a text holds around `of`: offset in the value, place and text. */
function around(text: string, of: string, value = VALUE): [number, number, string][] {
  const plain = new PlainText();
  plain.reset(Buffer.from(text));
  const piece = pieceAt(formOf(value), value.indexOf(of), plain, text.indexOf(of));
  if (piece === undefined) throw new Error(`no piece around ${of}`);
  return joined(piece, plain).map(({ offset, start, end }) => [
    offset,
    start,
    text.slice(start, end),
  ]);
}
const part = (from: number, to?: number) => SECRET.slice(from, to);
const MIDDLE = part(8, 24);

test('the rest behind a piece is joined to it, in as many parts as it stands in', () => {
  expect(around(`${MIDDLE}--${part(24)}`, MIDDLE)).toEqual([[28, 18, part(24)]]);
  expect(around(`${MIDDLE}--${part(24, 28)}--${part(28)}`, MIDDLE)).toEqual([
    [28, 18, part(24, 28)],
    [32, 24, part(28)],
  ]);
});

test('the rest before a piece is joined to it, in as many parts as it stands in', () => {
  expect(around(`${part(0, 8)}--${MIDDLE}`, MIDDLE)).toEqual([[4, 0, part(0, 8)]]);
  expect(around(`${part(0, 4)}--${part(4, 8)}--${MIDDLE}`, MIDDLE)).toEqual([
    [8, 6, part(4, 8)],
    [4, 0, part(0, 4)],
  ]);
});

test('a part of fewer than four characters is none', () => {
  expect(around(`${part(8, 29)}--${part(29)}`, MIDDLE)).toEqual([]);
  expect(around(`${part(0, 3)}--${part(3, 24)}`, MIDDLE)).toEqual([]);
  expect(around(`${MIDDLE}--${part(24, 27)}`, MIDDLE)).toEqual([]);
  expect(around(`${part(5, 8)}--${MIDDLE}`, MIDDLE)).toEqual([]);
});

test('the last four characters of a value, and the first behind its public prefix, are a part', () => {
  expect(around(`${part(8, 28)}--${part(28)}`, MIDDLE)).toEqual([[32, 22, part(28)]]);
  expect(around(`${part(0, 4)}--${part(4, 24)}`, MIDDLE)).toEqual([[4, 0, part(0, 4)]]);
});

test('the public prefix alone is no part', () => {
  expect(around(`${PREFIX}--${part(0, 24)}`, MIDDLE)).toEqual([]);
  expect(around(`${PREFIX}${part(0, 3)}--${part(3, 24)}`, MIDDLE)).toEqual([]);
});

test('a part may stand 160 characters away, not more', () => {
  const gap = (length: number) => '-'.repeat(length);
  expect(around(`${MIDDLE}${gap(156)}${part(24, 28)}`, MIDDLE)).toHaveLength(1);
  expect(around(`${MIDDLE}${gap(157)}${part(24, 28)}`, MIDDLE)).toEqual([]);
  expect(around(`${part(4, 8)}${gap(156)}${MIDDLE}`, MIDDLE)).toHaveLength(1);
  expect(around(`${part(4, 8)}${gap(157)}${MIDDLE}`, MIDDLE)).toEqual([]);
});

test('right behind a piece a later part counts, with the byte before it', () => {
  const text = `${part(8, 20)}${part(24)}`;
  expect(around(text, part(8, 20))).toEqual([[27, 11, `${part(19, 20)}${part(24)}`]]);
  const least = `${part(8, 20)}${part(28)}`;
  expect(around(least, part(8, 20))).toEqual([[31, 11, `${part(19, 20)}${part(28)}`]]);
  expect(around(`${part(8, 20)}${part(29)}`, part(8, 20))).toEqual([]);
  expect(around(`${part(8, 20)}${part(24, 27)}`, part(8, 20))).toEqual([]);
  // what is not a later part
  expect(around(`${part(8, 20)}${part(2, 8)}`, part(8, 20))).toEqual([]);
});

test('right before a piece an earlier part counts, with the byte behind it', () => {
  const text = `${part(0, 6)}${part(12, 24)}`;
  expect(around(text, part(12, 24))).toEqual([[4, 0, `${part(0, 6)}${part(12, 13)}`]]);
  const least = `--${part(0, 4)}${part(12, 24)}`;
  expect(around(least, part(12, 24))).toEqual([[4, 2, `${part(0, 4)}${part(12, 13)}`]]);
  expect(around(`${part(0, 3)}${part(12, 24)}`, part(12, 24))).toEqual([]);
  expect(around(`${PREFIX}${part(12, 24)}`, part(12, 24))).toEqual([]);
  expect(around(`${part(26, 32)}${part(12, 24)}`, part(12, 24))).toEqual([]);
});

test('with four secret bytes before it a piece may have one part of them right before it', () => {
  expect(around(`${part(0, 4)}${part(5, 24)}`, MIDDLE)).toEqual([
    [4, 0, `${part(0, 4)}${part(5, 6)}`],
  ]);
});

test('of a short or regular value nothing is joined', () => {
  const regular = 'aaaaaaaa-bbbbbbbb';
  expect(around(`${regular}--${regular.slice(9)}`, regular, regular)).toEqual([]);
});
