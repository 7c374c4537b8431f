import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { libc } from './native.ts';
import { signal } from './tree.ts';

/** <asm-generic/resource.h>: microseconds that a real-time process may run without a pause. */
const RLIMIT_RTTIME = 15;
/** A year: no real-time program notices a limit beyond it. */
const beyondUse = 31_536_000_000_000;

/**
 * A number that every process started from now on carries, and whatever those start: as a limit that
 * limits nothing, seen in /proc/PID/limits. A process keeps it through `env -i`, setsid(2) and double
 * forks, so that what a session started is known when nothing else tells any more.
 */
export class ProcessMark {
  /** As it is written in /proc/PID/limits; undefined where the kernel does not grant it. */
  readonly text: string | undefined;
  readonly #outer: BigUint64Array;
  readonly #own: BigUint64Array;

  constructor() {
    const get = libc('int getrlimit(int resource, uint64_t *limits)');
    const outer = new BigUint64Array(2); // struct rlimit { soft, hard }
    const known = get?.(RLIMIT_RTTIME, outer) === 0;
    const number = BigInt(beyondUse) + BigInt(randomInt(2 ** 47));
    this.#outer = outer;
    this.#own = new BigUint64Array([number, outer[1] ?? 0n]);
    const granted = known && number <= (outer[1] ?? 0n) && setLimit(this.#own);
    this.text = granted ? String(number) : undefined;
  }

  /** What is started from now on does not carry it. */
  remove(): void {
    if (this.text !== undefined) setLimit(this.#outer);
  }

  /** Starts something that is not part of the session. */
  without<T>(start: () => T): T {
    if (this.text === undefined) return start();
    setLimit(this.#outer);
    try {
      return start();
    } finally {
      setLimit(this.#own);
    }
  }
}

function setLimit(limits: BigUint64Array): boolean {
  const set = libc('int setrlimit(int resource, const uint64_t *limits)');
  return set?.(RLIMIT_RTTIME, limits) === 0;
}

/** Kills every process that carries a mark of a session that is gone. */
export function killMarked(text: string): void {
  for (let round = 0; round < 20; round += 1) {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && carries(name, text));
    if (pids.length === 0) return;
    for (const pid of pids) signal(Number(pid), 'SIGSTOP');
    for (const pid of pids) signal(Number(pid), 'SIGKILL');
  }
}

function carries(pid: string, text: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/limits`, 'latin1').includes(` ${text} `);
  } catch {
    return false; // it has ended
  }
}
