import { expect, test } from 'vitest';
import { putBack, together } from '../../../src/supervisor/redaction/window.ts';

const kib = 1024;
const bytes = (size: number, fill = 'x') => Buffer.alloc(size, fill);

test('a window is what is known with what comes behind it, and is overwritten when it is put back', () => {
  const window = together(Buffer.from('known '), Buffer.from('and new'));
  expect(window.toString()).toBe('known and new');
  const memory = Buffer.from(window.buffer);
  putBack(window);
  expect(memory.every((byte) => byte === 0)).toBe(true);
});

test('windows of up to 128 KiB use one memory, one after the other', () => {
  const first = together(bytes(1), bytes(2));
  putBack(first);
  const second = together(bytes(kib), bytes(127 * kib));
  expect(second.buffer).toBe(first.buffer);
  putBack(second);
});

test('two at a time never share it', () => {
  const first = together(bytes(1), bytes(2, 'a'));
  const second = together(bytes(1), bytes(2, 'b'));
  expect(second.buffer).not.toBe(first.buffer);
  expect([first.toString(), second.toString()]).toEqual(['xaa', 'xbb']);
  putBack(first);
  putBack(second);
  const [third, fourth] = [together(bytes(1), bytes(2)), together(bytes(1), bytes(2))];
  expect(third.buffer).toBe(second.buffer);
  expect(fourth.buffer).not.toBe(third.buffer);
  putBack(third);
  putBack(fourth);
});

test('a larger one has memory of its own, which is not kept', () => {
  const small = together(bytes(1), bytes(2));
  putBack(small);
  const large = together(bytes(kib), bytes(127 * kib + 1));
  expect(large.buffer).not.toBe(small.buffer);
  expect(large).toHaveLength(128 * kib + 1);
  putBack(large);
  const next = together(bytes(1), bytes(2));
  expect(next.buffer).toBe(small.buffer);
  putBack(next);
});

test('a larger one takes no memory from the others', () => {
  const large = together(bytes(kib), bytes(128 * kib));
  const small = together(bytes(1), bytes(2));
  expect(small.buffer).not.toBe(large.buffer);
  expect(small.buffer.byteLength).toBe(128 * kib);
  putBack(small);
  putBack(large);
  const [one, two] = [together(bytes(1), bytes(2)), together(bytes(1), bytes(2))];
  expect(one.buffer).toBe(small.buffer);
  expect(two.buffer).not.toBe(large.buffer);
  putBack(one);
  putBack(two);
});
