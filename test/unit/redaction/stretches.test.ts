import { describe, expect, test } from 'vitest';
import { stretchesOf } from '../../../src/supervisor/redaction/stretches.ts';
import type { Span } from '../../../src/supervisor/redaction/table.ts';

const span = (start: number, end: number, changes: Partial<Span> = {}): Span => ({
  ...{ name: `${start}`, start, end, payload: false, certain: end, open: false },
  ...changes,
});

test('spans apart, and such that touch, stay by themselves', () => {
  expect(stretchesOf([])).toEqual([]);
  expect(stretchesOf([span(1, 4), span(4, 6), span(8, 9)])).toEqual([
    { ...span(1, 4), others: [] },
    { ...span(4, 6), others: [] },
    { ...span(8, 9), others: [] },
  ]);
});

test('spans that overlap are one, named by the first', () => {
  expect(stretchesOf([span(1, 5), span(3, 8), span(7, 9)])).toEqual([
    { ...span(1, 9), others: [] },
  ]);
  expect(stretchesOf([span(1, 9), span(3, 5)])).toEqual([{ ...span(1, 9), others: [] }]);
});

test.each([
  [5, 0, 5],
  [0, 8, 8],
  [0, 0, 0],
  [5, 6, 6],
  [5, 4, 5],
])('of one that is certain up to %i and another up to %i both are: %i', (one, other, both) => {
  const [stretch] = stretchesOf([span(1, 5, { certain: one }), span(3, 8, { certain: other })]);
  expect(stretch?.certain).toBe(both);
});

describe('a value may go on', () => {
  const openOf = (...spans: Span[]) => stretchesOf(spans)[0]?.open;

  test('as the span does that ends last', () => {
    expect(openOf(span(1, 5, { open: true }), span(3, 8))).toBe(false);
    expect(openOf(span(1, 5), span(3, 8, { open: true }))).toBe(true);
    expect(openOf(span(1, 9), span(3, 5, { open: true }))).toBe(false);
    expect(openOf(span(1, 9, { open: true }), span(3, 5))).toBe(true);
  });

  test('as either does of two that end together', () => {
    expect(openOf(span(1, 8), span(3, 8, { open: true }))).toBe(true);
    expect(openOf(span(1, 8, { open: true }), span(3, 8))).toBe(true);
    expect(openOf(span(1, 8), span(3, 8))).toBe(false);
  });
});

test('one of a title within one of the line is known by itself, and the other way round', () => {
  const title = span(3, 6, { payload: true });
  expect(stretchesOf([span(1, 9), title, span(4, 8)])).toEqual([
    { ...span(1, 9), others: [title] },
  ]);
  const line = span(4, 5);
  expect(stretchesOf([title, line])).toEqual([{ ...title, others: [line] }]);
});
