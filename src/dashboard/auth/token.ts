import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits, base64url: web sessions, device codes and, with their prefix, bearer tokens. */
export function newToken(prefix = ''): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** The only form in which a token is stored. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
