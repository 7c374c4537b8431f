import { libc } from './native.ts';

// <linux/prctl.h>, <asm-generic/resource.h>
const PR_SET_DUMPABLE = 4;
const PR_SET_CHILD_SUBREAPER = 36;
const RLIMIT_CORE = 4;

/** What the kernel granted; `synsc doctor` shows it. */
export interface Hardening {
  /** Other processes of the same user can't read memory or environment, or attach (prctl(2)). */
  readonly undumpable: boolean;
  /** Orphans of commands stay in the session's tree instead of going to init. */
  readonly subreaper: boolean;
  /** An abort leaves no core file. */
  readonly noCore: boolean;
}

/** Closes this process to others of the same user. The first thing a supervisor does. */
export function harden(): Hardening {
  // without a listener SIGUSR1 opens Node's inspector, also in an undumpable process
  process.on('SIGUSR1', () => undefined);
  if (process.platform !== 'linux') return { undumpable: false, subreaper: false, noCore: false };
  const prctl = libc('int prctl(int option, ulong a, ulong b, ulong c, ulong d)');
  const setrlimit = libc('int setrlimit(int resource, const uint64_t *limits)');
  return {
    undumpable: prctl?.(PR_SET_DUMPABLE, 0, 0, 0, 0) === 0,
    subreaper: prctl?.(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) === 0,
    noCore: setrlimit?.(RLIMIT_CORE, new BigUint64Array([0n, 0n])) === 0,
  };
}
