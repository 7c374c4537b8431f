import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { elapsed } from '../platform/clock.ts';
import { libc } from '../platform/native.ts';
import { ownRuntimeDirectory } from '../platform/runtime-dir.ts';

const exclusiveWithoutWaiting = 2 | 4;
/** Also a FIFO that somebody put there keeps nobody waiting. */
const opening = constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK;
/** Milliseconds between two tries, and after which one goes on without the lock. */
const pause = 20;
const patience = 20_000;

/**
 * Runs `work` while no other process of this user does the same: flock(2), which the kernel drops with
 * its holder. Where there is no lock to be had, or its holder hangs, `work` runs all the same: it is
 * only slower and not wrong when two refresh at once, as they use one retry key.
 */
export async function oneAtATime<T>(env: NodeJS.ProcessEnv, work: () => Promise<T>): Promise<T> {
  const file = openLock(env);
  if (file === undefined) return work();
  try {
    const deadline = elapsed() + patience;
    while (!tryLock(file) && elapsed() < deadline) await sleep(pause);
    return await work();
  } finally {
    closeSync(file);
  }
}

function openLock(env: NodeJS.ProcessEnv): number | undefined {
  try {
    const directory = ownRuntimeDirectory(env, process.getuid?.() ?? 0);
    return openSync(join(directory, 'refresh.lock'), opening, 0o600);
  } catch {
    return undefined;
  }
}

/** True also where flock(2) cannot be called. */
function tryLock(file: number): boolean {
  const flock = libc('int flock(int fd, int operation)');
  return flock === undefined || Number(flock(file, exclusiveWithoutWaiting)) === 0;
}
