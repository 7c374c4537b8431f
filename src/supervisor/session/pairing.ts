import { createHash, randomInt, timingSafeEqual } from 'node:crypto';

/** No vowels and no letter that looks like another: as in the dashboard's codes (RFC 8628 §6.1). */
const letters = 'BCDFGHJKLMNPQRSTVWXZ';
/** Seconds that a code lives. */
export const pairingLifetime = 120;
/** Wrong codes after which the right one is no longer good. */
const tries = 5;

/**
 * One-time codes by which the user lets a program outside the session's tree become its client. A code is
 * good once, for a short while, for one process.
 */
export class Pairing {
  #open: { readonly digest: Buffer; readonly until: number; left: number } | undefined;
  readonly #paired = new Set<string>();

  /** A new code; an earlier one is void. `now`: milliseconds of `platform/clock.ts`. */
  issue(now: number): string {
    const code = Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join('');
    this.#open = { digest: digestOf(code), until: now + pairingLifetime * 1_000, left: tries };
    return `${code.slice(0, 4)}-${code.slice(4)}`;
  }

  /** Pairs a process with the session; false when the code is wrong, used, or too old. */
  redeem(code: string, origin: string, now: number): boolean {
    const open = this.#open;
    if (open === undefined || now > open.until || open.left === 0) return false;
    open.left -= 1;
    if (!timingSafeEqual(digestOf(code), open.digest)) return false;
    this.#open = undefined;
    this.#paired.add(origin);
    return true;
  }

  has(origin: string): boolean {
    return this.#paired.has(origin);
  }
}

function digestOf(code: string): Buffer {
  return createHash('sha256').update(code.toUpperCase().replaceAll(/[\s-]/g, '')).digest();
}
