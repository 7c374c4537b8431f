import { constants } from 'node:os';
import type { ExitStatus } from '../../protocol/session/schemas.ts';

/** A command's own code; 128+n when a signal ended it (POSIX shells). */
export function exitCodeOf({ exitCode, signal }: ExitStatus): number {
  if (exitCode !== null) return exitCode;
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1];
  return 128 + (number ?? 0);
}
