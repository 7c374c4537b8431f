import type { ExitStatus } from '../../protocol/session/schemas.ts';
import { numberOfSignal } from '../platform/signals.ts';

/** A command's own code; 128+n when a signal ended it (POSIX shells). */
export function exitCodeOf({ exitCode, signal }: ExitStatus): number {
  return exitCode ?? exitCodeOfSignal(signal);
}

/** 128+n for the signal n; 128 for a name that this system lacks. */
export function exitCodeOfSignal(signal: string | null): number {
  return 128 + ((signal === null ? undefined : numberOfSignal(signal)) ?? 0);
}
