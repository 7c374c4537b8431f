import { constants } from 'node:os';
import { elapsed } from './clock.ts';
import { libc } from './native.ts';
import { below, isZombie } from './tree.ts';

const { SIGSTOP, SIGKILL } = constants.signals;

/** Milliseconds that the killed are given to be gone. */
const pauseBetween = 2;

/** Finds processes to kill; need not look below one that is `known`: it is stopped already. */
type Find = (known: ReadonlySet<number>) => Iterable<number>;

/**
 * Kills all that is found, until nothing more that runs is; false when that took too long
 * (milliseconds). Each process is stopped at the moment it is found, and before the search goes on: a
 * stopped one can't fork, and one that forks and ends at once is not gone before it is met.
 */
export function killAll(find: Find, within: number): boolean {
  for (const deadline = elapsed() + within; ; pause(pauseBetween)) {
    const running = stopAll(find, deadline).filter((pid) => !isZombie(pid));
    for (const pid of running) send(pid, SIGKILL);
    if (running.length === 0 || elapsed() > deadline) return running.length === 0;
  }
}

/** Kills everything below a process but `spared`; false as above. `reap`: called before each look. */
export function killTree(
  root: number,
  spared: ReadonlySet<number>,
  { within, reap }: { readonly within: number; readonly reap: () => void },
): boolean {
  return killAll((known) => {
    reap();
    return below(root, spared, known);
  }, within);
}

/** Those that could be stopped: another user's (sudo) are not ours to end. */
function stopAll(find: Find, deadline: number): number[] {
  const met = new Set<number>();
  const stopped: number[] = [];
  let before = -1;
  while (met.size > before && elapsed() <= deadline) {
    before = met.size;
    for (const pid of find(met)) {
      met.add(pid);
      if (send(pid, SIGSTOP)) stopped.push(pid);
      send(-pid, SIGSTOP); // the group that it leads: a child that was just born is still in it
    }
  }
  return stopped;
}

/** As kill(2), without the error that Node makes of a process that is gone. */
function send(pid: number, signal: number): boolean {
  return libc('int kill(int pid, int signal)')?.(pid, signal) === 0;
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
