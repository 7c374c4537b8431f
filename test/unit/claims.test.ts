import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { claims } from '../claims.ts';

const testRoot = path.join(import.meta.dirname, '..');
const cited = citations(testFiles().map((file) => readFileSync(file, 'utf8')));
const known = new Set(claims.map(({ id }) => id));

function testFiles(): string[] {
  return readdirSync(testRoot, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !file.endsWith('claims.test.ts'))
    .map((file) => path.join(testRoot, file));
}

/** Ids in calls `claim('id', …)`, written with a plain string. */
function citations(sources: readonly string[]): Set<string> {
  const calls = sources.flatMap((source) => [...source.matchAll(/\bclaim\(\s*['"]([^'"]+)['"]/g)]);
  return new Set(calls.map((call) => call[1] ?? ''));
}

describe('what the security and credentials pages promise', () => {
  test('each promise has an id of its own', () => expect(known.size).toBe(claims.length));

  test('every promise that is kept is proved by a test', () => {
    const kept = claims.filter(({ state }) => state === 'kept');
    expect(kept.filter(({ id }) => !cited.has(id)).map(({ id }) => id)).toEqual([]);
  });

  test('every test cites a promise that exists', () => {
    expect([...cited].filter((id) => !known.has(id))).toEqual([]);
  });

  test('the promises still open are counted', () => {
    const open = claims.filter(({ state }) => state === 'open');
    console.info(`${open.length} of ${claims.length} promises are open`);
    expect(open.length).toBeLessThan(claims.length);
  });

  test('a citation is found whichever way it is quoted or broken', () => {
    const found = citations(["claim('a/b', () => 1)", 'claim(\n  "c/d",', "reclaim('x')"]);
    expect([...found]).toEqual(['a/b', 'c/d']);
  });
});
