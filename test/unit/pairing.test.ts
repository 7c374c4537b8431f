import { expect, test } from 'vitest';
import { Pairing } from '../../src/supervisor/session/pairing.ts';

const wrong = 'BBBB-BBBB';

test('a code is good once, however it is written', () => {
  const pairing = new Pairing();
  const code = pairing.issue(0);
  expect(code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  expect(pairing.redeem(code.toLowerCase().replace('-', ' '), 'editor', 1)).toBe(true);
  expect(pairing.redeem(code, 'other', 2)).toBe(false);
  expect([pairing.has('editor'), pairing.has('other')]).toEqual([true, false]);
});

test('a code is good for two minutes', () => {
  const pairing = new Pairing();
  const code = pairing.issue(0);
  expect(pairing.redeem(code, 'editor', 120_001)).toBe(false);
  const next = pairing.issue(200_000);
  expect(pairing.redeem(next, 'editor', 320_000)).toBe(true);
});

test('a new code makes the one before void', () => {
  const pairing = new Pairing();
  const first = pairing.issue(0);
  pairing.issue(0);
  expect(pairing.redeem(first, 'editor', 1)).toBe(false);
});

test('five wrong tries make a code void', () => {
  const pairing = new Pairing();
  const code = pairing.issue(0);
  for (let tries = 0; tries < 5; tries += 1) expect(pairing.redeem(wrong, 'x', 1)).toBe(false);
  expect(pairing.redeem(code, 'editor', 1)).toBe(false);
});

test('there is nothing to guess where no code was issued', () => {
  expect(new Pairing().redeem('', 'x', 0)).toBe(false);
});
