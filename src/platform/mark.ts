import { randomInt } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { libc } from './native.ts';
import { readKernelText } from './procfs.ts';
import { killAll } from './sweep.ts';
import { isZombie } from './tree.ts';

/**
 * <asm-generic/resource.h>: microseconds that a real-time process may run without a pause, and file locks,
 * which no kernel since 2.4.25 counts (getrlimit(2)): who resets the one still carries the other.
 */
const marked = [15, 10];
/** A year: no real-time program notices a limit beyond it. */
const beyondUse = 31_536_000_000_000;

/** struct rlimit { soft, hard } */
type Limits = BigUint64Array;

/**
 * A number that every process started from now on carries, and whatever those start: as limits that
 * limit nothing, seen in /proc/PID/limits. A process keeps it through `env -i`, setsid(2) and double
 * forks, so that what a session started is known when nothing else tells any more.
 */
export class ProcessMark {
  /** As it is written in /proc/PID/limits; undefined where the kernel does not grant it. */
  readonly text: string | undefined;
  readonly #outer: ReadonlyMap<number, Limits>;
  readonly #own: ReadonlyMap<number, Limits>;

  constructor() {
    const number = BigInt(beyondUse) + BigInt(randomInt(2 ** 47));
    const outer = new Map<number, Limits>();
    const own = new Map<number, Limits>();
    for (const resource of marked) {
      const limits = limitsOf(resource);
      const hard = limits?.[1] ?? 0n;
      const granted = new BigUint64Array([number, hard]);
      if (limits === undefined || number > hard || !setLimit(resource, granted)) continue;
      outer.set(resource, limits);
      own.set(resource, granted);
    }
    this.#outer = outer;
    this.#own = own;
    this.text = own.size > 0 ? String(number) : undefined;
  }

  /** What is started from now on does not carry it. */
  remove(): void {
    setLimits(this.#outer);
  }

  /** Starts something that is not part of the session. */
  without<T>(start: () => T): T {
    setLimits(this.#outer);
    try {
      return start();
    } finally {
      setLimits(this.#own);
    }
  }
}

function limitsOf(resource: number): Limits | undefined {
  const get = libc('int getrlimit(int resource, uint64_t *limits)');
  const limits = new BigUint64Array(2);
  return get?.(resource, limits) === 0 ? limits : undefined;
}

function setLimits(all: ReadonlyMap<number, Limits>): void {
  for (const [resource, limits] of all) setLimit(resource, limits);
}

function setLimit(resource: number, limits: Limits): boolean {
  const set = libc('int setrlimit(int resource, const uint64_t *limits)');
  return set?.(resource, limits) === 0;
}

/** Milliseconds that may be spent on what a session left. */
const patience = 3_000;

/** Numbers of that size; other words of /proc/PID/limits (`unlimited`) are those of every process. */
const form = /^\d{14,15}$/;

/** Kills every process that carries a mark of a session that is gone; nothing for what is no mark. */
export function killMarked(text: string): void {
  if (!form.test(text)) return;
  killAll((stopped) => carriers(text, stopped), patience);
}

function* carriers(text: string, known: ReadonlySet<number>): Generator<number> {
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (Number.isInteger(pid) && !known.has(pid) && carries(pid, text)) yield pid;
  }
}

/** Zombies still show their limits; one may be the session's own process, which led a group of the user's. */
function carries(pid: number, text: string): boolean {
  return !isZombie(pid) && readKernelText(`/proc/${pid}/limits`)?.includes(` ${text} `) === true;
}
