import { expect, test } from 'vitest';
import { cellsOf, lengthOf, unfinished } from '../../../src/supervisor/redaction/width.ts';

test.each([
  [0x00, 1],
  [0x7f, 1],
  [0x80, 1],
  [0xbf, 1],
  [0xc0, 2],
  [0xdf, 2],
  [0xe0, 3],
  [0xef, 3],
  [0xf0, 4],
  [0xff, 4],
])('a character that begins with byte %i has %i bytes', (first, length) => {
  expect(lengthOf(first)).toBe(length);
});

test.each([
  ['', 0],
  ['78', 0],
  ['c3a9', 0],
  ['78c3', 1],
  ['78e6', 1],
  ['78e697', 2],
  ['78e697a5', 0],
  ['78f09f98', 3],
  ['f09f9880', 0],
  ['f09f9880f0', 1],
  ['c0', 1],
  ['bf', 0],
  ['808080', 0],
  ['80808080', 0],
  ['e69778', 0],
  ['e678', 0],
  ['e680', 2],
])('of %s so many bytes at the end are part of a character: %i', (hex, count) => {
  expect(unfinished(Buffer.from(hex, 'hex'))).toBe(count);
});

const cells = (text: string) => cellsOf(Buffer.from(`x${text}y`), 1);

/** First and last of each wide block, with the neighbours that are narrow. */
const blocks: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x1fa70, 0x1faff],
  [0x20000, 0x3fffd],
];

test.each(blocks)('characters %i to %i take two cells', (first, last) => {
  const shown = [first - 1, first, last, last + 1].map((point) =>
    cells(String.fromCodePoint(point)),
  );
  expect(shown).toEqual([1, 2, 2, 1]);
});

test('others take one, and bytes inside of a character none', () => {
  expect(['a', '~', 'é', 'я', '€', '𝄞'].map(cells)).toEqual([1, 1, 1, 1, 1, 1]);
  const euro = Buffer.from('€');
  expect([0, 1, 2].map((at) => cellsOf(euro, at))).toEqual([1, 0, 0]);
  expect(cellsOf(Buffer.of(0x7f), 0)).toBe(1);
  expect(cellsOf(Buffer.of(0x80), 0)).toBe(0);
  expect(cellsOf(Buffer.of(0xbf), 0)).toBe(0);
  // no characters at all
  expect([0xc0, 0xff].map((byte) => cellsOf(Buffer.of(byte), 0))).toEqual([1, 1]);
});
