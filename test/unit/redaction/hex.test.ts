import { expect, test } from 'vitest';
import { hexByte, isHex } from '../../../src/supervisor/redaction/hex.ts';

const DIGITS = '0123456789abcdefABCDEF';
const codes = Array.from({ length: 256 }, (_, code) => code);
const others = codes.filter((code) => !DIGITS.includes(String.fromCharCode(code)));

test('two digits stand for a byte, in both cases', () => {
  for (const byte of codes) {
    const digits = byte.toString(16).padStart(2, '0');
    expect(hexByte(Buffer.from(digits), 0)).toBe(byte);
    expect(hexByte(Buffer.from(`0${digits.toUpperCase()}0`), 1)).toBe(byte);
  }
});

test('nothing else stands for one', () => {
  for (const code of others) {
    expect(hexByte(Buffer.of(code, 0x31), 0)).toBeUndefined();
    expect(hexByte(Buffer.of(0x31, code), 0)).toBeUndefined();
    expect(isHex(Buffer.of(0x31, code, 0x31))).toBe(false);
  }
  expect(hexByte(Buffer.from('1'), 0)).toBeUndefined();
  expect(hexByte(Buffer.from('1'), 1)).toBeUndefined();
});

test('digits of both cases are hex', () => {
  expect(isHex(Buffer.from(DIGITS))).toBe(true);
});
