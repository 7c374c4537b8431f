import { readdirSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { codeOf } from '../errors.ts';
import { sessionOf, startTimeOf, stateOf } from './peer.ts';
import { readKernelText } from './procfs.ts';

/** Processes that `identities` reads in one turn of the event loop. */
const perTurn = 4;

/** All processes below `pid`, parents before children (proc(5), task/TID/children). */
function descendantsOf(pid: number): number[] {
  return [...below(pid)];
}

/**
 * The same but for `spared` and what is `known`, and what is below those; each is read when it is asked
 * for.
 */
export function* below(
  root: number,
  spared: ReadonlySet<number> = new Set(),
  known: ReadonlySet<number> = new Set(),
): Generator<number> {
  const pending = [root];
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    for (const child of childrenOf(pid)) {
      if (spared.has(child) || known.has(child)) continue;
      yield child;
      pending.push(child);
    }
  }
}

/**
 * Threads can have children too, so every task is asked; but only the first one of this process starts any,
 * and is who adopts orphans.
 */
export function childrenOf(pid: number): number[] {
  if (pid === process.pid) return childrenOfTask(pid, pid);
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) => childrenOfTask(pid, task));
  } catch {
    return []; // it has ended
  }
}

/** Those that one thread has started or adopted. */
export function childrenOfTask(pid: number, task: number | string): number[] {
  const words = readKernelText(`/proc/${pid}/task/${task}/children`) ?? '';
  return words === '' ? [] : words.trimEnd().split(' ').map(Number);
}

/** Sends a signal; a process that is gone, or that became another user's (sudo), is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/** A process as of now: a later one with the same pid has another start time. */
export interface Identity {
  readonly pid: number;
  readonly start: number;
}

/**
 * What a command consists of: the process that was started as leader of a session of its own, its
 * descendants, and whatever stayed in that session when its parents ended (adopted by this process).
 */
export function membersOf(leader: Identity): Identity[] {
  const start = startTimeOf(leader.pid);
  if (start !== undefined && start !== leader.start) return []; // the pid is somebody else's now
  const adopted = descendantsOf(process.pid).filter((pid) => sessionOf(pid) === leader.pid);
  const pids = new Set([...(start === undefined ? [] : [leader.pid]), ...adopted]);
  for (const pid of [...pids]) for (const child of descendantsOf(pid)) pids.add(child);
  return [...pids].flatMap((pid) => identityOf(pid) ?? []);
}

export function identityOf(pid: number): Identity | undefined {
  const start = startTimeOf(pid);
  return start === undefined ? undefined : { pid, start };
}

/** Sends a signal to just these processes, not to later ones with their pids. */
export function signalAll(members: readonly Identity[], name: NodeJS.Signals): void {
  for (const { pid, start } of members) if (startTimeOf(pid) === start) signal(pid, name);
}

/** True also for a process that is gone. */
export function isZombie(pid: number): boolean {
  return (stateOf(pid) ?? 'Z') === 'Z';
}

/** Everything below this process, read a little in each turn, so that nobody waits for hundreds of them. */
export async function identities(): Promise<Identity[]> {
  const found: Identity[] = [];
  let seen = 0;
  for (const pid of below(process.pid)) {
    found.push({ pid, start: startTimeOf(pid) ?? 0 });
    seen += 1;
    if (seen % perTurn === 0) await turn();
  }
  return found;
}
