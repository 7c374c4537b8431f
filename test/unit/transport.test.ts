import { describe, expect, test } from 'vitest';
import { FrameReader, frameHeader, frameTypes, jsonFrame } from '../../protocol/session/frames.ts';
import { createLineReader } from '../../protocol/transport.ts';

const texts = (lines: Iterable<Buffer>) => [...lines].map((line) => line.toString());

describe('lines', () => {
  const message = 'first\n\nsecönd\r\n日本語\nrest';
  const bytes = Buffer.from(message);

  test.each([1, 2, 3, 7, bytes.length])('are whole in chunks of %d bytes', (size) => {
    const reader = createLineReader();
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      lines.push(...texts(reader.push(Buffer.from(bytes.subarray(at, at + size)))));
    }
    expect(lines).toEqual(['first', '', 'secönd\r', '日本語']);
    expect(reader.rest().toString()).toBe('rest');
    expect(reader.rest()).toHaveLength(0);
  });

  test('are cut when they are asked for: who sends a million empty ones is not ahead of the reader', () => {
    const lines = createLineReader().push(Buffer.from('one\ntwo\nthree'));
    expect(lines.next().value?.toString()).toBe('one');
    expect(lines.next().value?.toString()).toBe('two');
    expect(lines.next().done).toBe(true);
  });

  test('have a limit, which those before it are read up to', () => {
    const reader = createLineReader(8);
    expect(texts(reader.push(Buffer.from('12345678\n1234')))).toEqual(['12345678']);
    expect(reader.tooLong).toBe(false);
    expect(texts(reader.push(Buffer.from('5678')))).toEqual([]);
    expect(reader.tooLong).toBe(false);
    expect(texts(reader.push(Buffer.from('9\nlater\n')))).toEqual([]);
    expect(reader.tooLong).toBe(true);
  });
});

describe('frames', () => {
  const bytes = Buffer.concat([
    ...[frameHeader(frameTypes.stdout, 5), Buffer.from('bytes')],
    jsonFrame(frameTypes.ack, { offset: 12 }),
    frameHeader(frameTypes.stdin, 0),
    frameHeader(frameTypes.endOfStdin, 0),
  ]);

  test.each([1, 3, 8, bytes.length])('are whole in chunks of %d bytes', (size) => {
    const reader = new FrameReader();
    let raw = '';
    const others: unknown[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      for (const { type, data } of reader.push(bytes.subarray(at, at + size))) {
        if (type === frameTypes.stdout) raw += data.toString();
        else others.push([type, data.toString()]);
      }
    }
    expect(raw).toBe('bytes');
    expect(others).toEqual([
      [frameTypes.ack, '{"offset":12}'],
      [frameTypes.endOfStdin, ''],
    ]);
  });
});
