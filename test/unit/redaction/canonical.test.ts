import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compact, KEPT, makeRoom, PlainText } from '../../../src/supervisor/redaction/canonical.ts';

const dropped = [...Array.from({ length: 0x21 }, (_, byte) => byte), 0x22, 0x27, 0x5c, 0x7f];
const isKept = (byte: number) => !dropped.includes(byte);

/** Bytes of which many are dropped, in rows and alone. */
const text = fc
  .array(fc.oneof(fc.nat(255), fc.constantFrom(0x20, 0x22, 0x41, 0x0a), fc.nat({ max: 0x7f })), {
    maxLength: 80,
  })
  .map((bytes) => Buffer.from(bytes));

test('what counts is all but controls, blanks, quotes and backslashes', () => {
  expect([...KEPT].flatMap((kept, byte) => (kept === 1 ? [] : [byte]))).toEqual(dropped);
});

test('room is a multiple of four bytes, seen in three ways', () => {
  for (const size of [0, 1, 4, 5]) {
    const room = makeRoom(size);
    expect(room.bytes).toHaveLength(Math.ceil(size / 4) * 4);
    expect(room.words.buffer).toBe(room.bytes.buffer);
    expect(room.view.buffer).toBe(room.bytes.buffer);
  }
});

test('compact keeps just the bytes that count, from any alignment', () => {
  fc.assert(
    fc.property(text, fc.nat(3), (bytes, skip) => {
      const raw = Buffer.concat([Buffer.alloc(skip), bytes]).subarray(skip);
      const into = Buffer.alloc(raw.length + 4);
      const length = compact(raw, into);
      expect([...into.subarray(0, length)]).toEqual([...raw].filter(isKept));
    }),
  );
});

describe('plain text', () => {
  test('has the bytes that count, and knows where each stands', () => {
    const plain = new PlainText();
    fc.assert(
      fc.property(text, fc.constantFrom(1, 1, 15, 60), (bytes, times) => {
        // more than one block of 1,024 bytes
        const raw = Buffer.concat(Array.from({ length: times }, () => bytes));
        const places = [...raw].flatMap((byte, at) => (isKept(byte) ? [at] : []));
        plain.reset(raw);
        expect(plain).toHaveLength(places.length);
        expect([...plain.bytes.subarray(0, plain.length)]).toEqual(places.map((at) => raw[at]));
        expect(places.map((_, index) => plain.placeOf(index))).toEqual(places);
        expect(places.map((_, index) => plain.beginOf(index))).toEqual(places);
      }),
      { numRuns: 60 },
    );
  });

  test('makes room for a longer text, and keeps it for a shorter one', () => {
    const plain = new PlainText();
    plain.reset(Buffer.alloc(100, 'a'));
    const first = plain.bytes;
    expect(first.length).toBeGreaterThanOrEqual(108);
    plain.reset(Buffer.alloc(10, 'a'));
    expect(plain.bytes).toBe(first);
    plain.reset(Buffer.alloc(first.length, 'a'));
    expect(plain.bytes).not.toBe(first);
    expect(plain.view.byteLength).toBe(plain.words.byteLength);
  });

  test('is overwritten by a wipe, bytes included that were written past its end', () => {
    const plain = new PlainText();
    plain.reset(Buffer.from('secret "secret" \\secret secret '));
    expect(plain.bytes.some((byte) => byte !== 0)).toBe(true);
    plain.wipe();
    expect(plain.bytes.every((byte) => byte === 0)).toBe(true);
  });
});
