import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlainText } from '../../../src/supervisor/redaction/canonical.ts';
import { Grams } from '../../../src/supervisor/redaction/grams.ts';

const textOf = (text: string | Buffer) => {
  const plain = new PlainText();
  plain.reset(Buffer.from(text));
  return plain;
};

/** Forms and offsets that a search finds, by place. */
function found(grams: Grams, text: string | Buffer): Map<number, [number, number][]> {
  const places = new Map<number, [number, number][]>();
  const candidates = grams.candidates(textOf(text));
  for (let index = 0; index < candidates.length; index += 2) {
    const list: [number, number][] = [];
    for (let entry = candidates[index + 1] as number; entry > 0; entry = grams.next(entry)) {
      list.push([grams.form(entry), grams.offset(entry)]);
    }
    places.set(candidates[index] as number, list.reverse());
  }
  return places;
}

function gramsOf(forms: readonly string[], shortest: number): Grams {
  const grams = new Grams(forms.join('').length, shortest);
  for (const [form, text] of forms.entries()) grams.addAll(Buffer.from(text), form);
  grams.finish();
  return grams;
}

describe('how far apart it looks', () => {
  test.each([
    [4, 1],
    [5, 2],
    [6, 3],
    [7, 4],
    [8, 4], // whole words of the text
    [10, 4],
    [11, 8],
    [12, 4], // from here on by eight bytes
    [15, 8],
    [16, 8],
    [19, 12],
    [22, 12],
    [23, 16],
    [500, 16],
    [1, 1],
  ])('for pieces of %i bytes: %i', (shortest, step) => {
    expect(new Grams(10, shortest).step).toBe(step);
  });
});

test('every place of a gram is found with its form and offset', () => {
  const grams = gramsOf(['abcdef', 'xxabcd'], 4);
  expect(found(grams, 'abcdef')).toEqual(
    new Map([
      [
        0,
        [
          [0, 0],
          [1, 2],
        ],
      ],
      [1, [[0, 1]]],
      [2, [[0, 2]]],
    ]),
  );
  expect(found(grams, 'nothing of it').size).toBe(0);
  expect(found(grams, 'abc').size).toBe(0);
  expect(found(grams, '').size).toBe(0);
});

test.each([4, 5, 6, 7, 8, 11, 12, 15, 19, 23])(
  'a piece of %i bytes is found wherever it stands',
  (shortest) => {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
    const grams = gramsOf([letters], shortest);
    fc.assert(
      fc.property(
        fc.nat(letters.length - shortest),
        fc.nat(80),
        fc.nat(80),
        (at, before, after) => {
          const piece = letters.slice(at, at + shortest);
          const places = found(grams, '-'.repeat(before) + piece + '-'.repeat(after));
          expect(places.size).toBeGreaterThan(0);
          for (const [place, entries] of places) {
            expect(place).toBeGreaterThanOrEqual(before);
            expect(place).toBeLessThan(before + shortest);
            expect(entries).toEqual([[0, place - before + at]]);
          }
        },
      ),
    );
  },
);

test('only grams that begin before the end are registered', () => {
  const grams = new Grams(10, 4);
  grams.addAll(Buffer.from('abcdefgh'), 0, 2);
  grams.finish();
  expect([...found(grams, 'abcdefgh').keys()]).toEqual([0, 1]);
});

test('of one form a gram has sixteen places at most, whatever other forms have', () => {
  const grams = new Grams(100, 4);
  grams.addAll(Buffer.from('a'.repeat(40)), 0);
  grams.addAll(Buffer.from('aaaaa'), 1);
  grams.addAll(Buffer.from('a'.repeat(20)), 2);
  grams.finish();
  const entries = found(grams, 'aaaa').get(0) ?? [];
  const perForm = [0, 1, 2].map((form) => entries.filter(([own]) => own === form).length);
  expect(perForm).toEqual([16, 2, 16]);
});

test('more grams than were thought of are all found', () => {
  const bytes = createHash('shake256', { outputLength: 6000 }).update('bytes').digest();
  for (const [at, byte] of bytes.entries()) bytes[at] = byte | 0x80;
  for (const shortest of [4, 12]) {
    const grams = new Grams(bytes.length, shortest);
    grams.addAll(bytes, 0);
    grams.finish();
    for (let at = 0; at + 20 < bytes.length; at += 97) {
      const offsets = [...found(grams, bytes.subarray(at, at + 20))].flatMap(([place, entries]) =>
        entries.map(([, offset]) => offset - place),
      );
      expect(offsets).toContain(at);
    }
  }
});

test('nothing is found after a wipe', () => {
  const grams = gramsOf(['abcdefghijkl'], 4);
  expect(found(grams, 'abcdefghijkl').size).toBeGreaterThan(0);
  grams.wipe();
  expect(found(grams, 'abcdefghijkl').size).toBe(0);
});

test.each([10, 160, 672, 2_720])('%i grams, no two alike, are all kept', (most) => {
  const bytes = createHash('shake256', { outputLength: 4 * most })
    .update('grams')
    .digest();
  const grams = new Grams(most, 8);
  for (let form = 0; form < most; form += 1) {
    grams.addAll(bytes.subarray(4 * form, 4 * form + 4), form);
  }
  grams.finish();
  for (let form = 0; form < most; form += 1) {
    // as it stands in the canonical stream: what would fall away there is no part of it
    const word = bytes.readInt32LE(4 * form);
    const view = new DataView(Int32Array.of(word).buffer);
    const words = new Int32Array(view.buffer);
    const text = { bytes: new Uint8Array(view.buffer), view, words, length: 4 };
    expect(grams.candidates(text)[0]).toBe(0);
    expect(grams.form(grams.candidates(text)[1] as number)).toBe(form);
  }
});
