import { randomInt } from 'node:crypto';
import { userCodeAlphabet } from '../../../protocol/dashboard/device.ts';

/** Eight letters of the alphabet, 34.6 bit (RFC 8628 §6.1). */
export function newUserCode(): string {
  return Array.from({ length: 8 }, () => userCodeAlphabet[randomInt(userCodeAlphabet.length)]).join(
    '',
  );
}

/** `XXXX-XXXX`. */
export function showUserCode(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

/** A code as somebody typed it: case, blanks and punctuation do not count (RFC 8628 §6.1). */
export function normaliseUserCode(text: string): string {
  return text
    .slice(0, 64)
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '');
}
