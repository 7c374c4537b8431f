import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { run, screenOf, TOKEN, tableOf } from './support.ts';

const place = path.join(import.meta.dirname, 'recordings');
const recordings = readdirSync(place)
  .filter((file) => file.endsWith('.bin'))
  .map((file) => ({
    name: path.basename(file, '.bin'),
    bytes: readFileSync(path.join(place, file)),
  }));
/** What stands for a value on a terminal, or for a part of it. */
const mask = new Set('[REDACTED]* ');

const columns = 80;

/** Pieces of the value from 12 characters on, in the screen's rows as they follow each other. */
function shown(text: string): string[] {
  const seen = text.replace(/[\s|│]/g, '');
  return Array.from({ length: TOKEN.length - 11 }, (_, at) => TOKEN.slice(at, at + 12)).filter(
    (piece) => seen.includes(piece),
  );
}

async function expectSameLayout(bytes: Buffer, cuts: readonly number[]): Promise<void> {
  const raw = await screenOf(bytes, columns, 24);
  const masked = await screenOf(run(tableOf(TOKEN), bytes, cuts, 'tty').bytes(), columns, 24);
  expect(masked.cursor).toEqual(raw.cursor);
  const before = [...raw.text];
  const after = [...masked.text];
  expect(after).toHaveLength(before.length);
  for (const [at, cell] of before.entries()) {
    if (after[at] === cell) continue;
    expect({ at, cell, inValue: TOKEN.includes(cell), mask: mask.has(after[at] ?? '') }).toEqual({
      ...{ at, cell },
      ...{ inValue: true, mask: true },
    });
  }
  expect(shown(masked.text)).toEqual([]);
}

describe('programs look as they did, and the value is not on their screen', () => {
  test.each(recordings)('$name', async ({ bytes }) => {
    await expectSameLayout(bytes, []);
    await expectSameLayout(bytes, [...bytes.keys()]);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length),
        fc.array(fc.nat(bytes.length), { maxLength: 40 }),
        (length, cuts) => expectSameLayout(bytes.subarray(0, length), cuts),
      ),
      { numRuns: 20 },
    );
  });
});
