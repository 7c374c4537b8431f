import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { StreamMode } from '../../../src/supervisor/redaction/stream.ts';
import { recorder, TOKEN, tableOf } from './support.ts';

/** Time passes where a test says so; turns of the event loop are real. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  vi.advanceTimersByTime(1000);
});
afterEach(() => {
  vi.useRealTimers();
});

/** Until what is due in this turn of the event loop was done. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** What is out at a moment, in a stream that was written at some moments. */
async function outAt(
  moment: number,
  writes: Readonly<Record<number, string | Buffer>>,
  { value = TOKEN, mode = 'pipe' as StreamMode } = {},
) {
  const { stream, bytes } = recorder(tableOf(value), mode);
  for (let now = 0; now <= moment; now += 1) {
    if (now > 0) vi.advanceTimersByTime(1);
    const written = writes[now];
    if (written !== undefined) stream.write(Buffer.from(written));
    await turn();
  }
  const out = bytes();
  stream.end();
  return out.toString();
}

describe('what may begin a value waits', () => {
  test.each([
    ['for sixteen milliseconds', { 0: 'a' }, 16, 'a'],
    ['as long again with each that comes', { 0: 'a', 1: 'b' }, 17, 'ab'],
    ['also eight milliseconds later', { 0: 'a', 8: 'b' }, 24, 'ab'],
    ['not for what comes later than that', { 0: 'a', 9: 'b' }, 16, 'ab'],
    ['no longer than twenty-four in all', { 0: 'a', 8: 'b', 15: 'c', 23: 'd' }, 24, 'abcd'],
    ['from the first byte that waits on', { 0: 'a', 10: 'b c' }, 26, 'ab c'],
    ['anew where all before it has left', { 0: 'a', 20: 'b' }, 36, 'ab'],
  ] as const)('%s', async (_, writes, moment, out) => {
    const before = await outAt(moment - 1, writes);
    expect(before).not.toBe(out);
    expect(out.startsWith(before)).toBe(true);
    expect(await outAt(moment, writes)).toBe(out);
  });

  test('in a terminal no longer for the rest of a character', async () => {
    const [first, rest] = [Buffer.from('日').subarray(0, 2), Buffer.from('日').subarray(2)];
    const held = { value: 'pass 日本', mode: 'tty' } as const;
    expect(await outAt(22, { 0: first, 22: rest }, held)).toBe('');
    expect(await outAt(23, { 0: first, 22: rest }, held)).toBe('');
    expect(await outAt(24, { 0: first, 22: rest }, held)).toBe('日');
    expect(await outAt(24, { 0: first, 24: rest }, held)).toBe('日');
    expect(await outAt(40, { 0: first, 40: rest }, held)).toBe('日');
  });
});

test('line ends behind a piece wait for its rest, and no longer where others have left already', async () => {
  const first = `${TOKEN.slice(0, 20)}\n`;
  expect(await outAt(15, { 0: first })).toBe('[REDACTED]');
  expect(await outAt(16, { 0: first })).toBe('[REDACTED]\n');
  expect(await outAt(15, { 0: first, 15: '\n' })).toBe('[REDACTED]');
  expect(await outAt(16, { 0: first, 15: '\n' })).toBe('[REDACTED]\n\n');
  expect(await outAt(17, { 0: first, 17: '\n' })).toBe('[REDACTED]\n\n');
});

test('what has come before a late reader gave up is read first, and may wait as long as any', async () => {
  const { stream, text } = recorder(tableOf(TOKEN));
  stream.write(Buffer.from('a'));
  vi.advanceTimersByTime(16);
  stream.write(Buffer.from('b'));
  await turn();
  expect(text()).toBe('');
  vi.advanceTimersByTime(7);
  await turn();
  expect(text()).toBe('');
  vi.advanceTimersByTime(1);
  stream.write(Buffer.from('c'));
  await turn();
  expect(text()).toBe('abc');
  stream.end();
});

test('a stream has one timer while something waits, and none otherwise', async () => {
  const { stream } = recorder(tableOf(TOKEN));
  const timersAfter = (text: string) => {
    stream.write(Buffer.from(text));
    return vi.getTimerCount();
  };
  expect(timersAfter('out ')).toBe(0);
  expect(timersAfter('a')).toBe(1);
  expect(timersAfter('b')).toBe(1);
  expect(timersAfter(' ')).toBe(0);
  expect(timersAfter('c')).toBe(1);
  stream.end();
  expect(vi.getTimerCount()).toBe(0);
});
