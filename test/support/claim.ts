import { test } from 'vitest';
import { claims } from '../claims.ts';

/** A test that proves a sentence of `test/claims.ts` and carries it in its name. `timeout` in ms. */
export function claim(id: string, prove: () => void | Promise<void>, timeout?: number): void {
  const row = claims.find((candidate) => candidate.id === id);
  if (row === undefined) throw new Error(`no claim has the id ${id}: see test/claims.ts`);
  test(`${id}: ${row.sentence}`, timeout === undefined ? {} : { timeout }, prove);
}
