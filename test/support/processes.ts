import { readdirSync, readFileSync } from 'node:fs';
import { parentOf } from '../../src/platform/peer.ts';
import { signal } from '../../src/platform/tree.ts';

/** Pids of all processes, of any user. */
function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Pids of what runs with a text in its arguments; zombies have none. */
export function runningWith(text: string): number[] {
  return allPids().filter((pid) => commandLine(pid).includes(text));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return ''; // it has ended
  }
}

/** Pids of what has a text in its environment, as far as that can be read. */
export function holding(text: string): number[] {
  return allPids().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(text);
    } catch {
      return false; // it has ended, or is somebody else's
    }
  });
}

export function childrenOf(parent: number): number[] {
  return allPids().filter((pid) => parentOf(pid) === parent);
}

/** Kills the process that cleans up after a session's process; answers its pid. */
export function killWatchdog(supervisor: number): number {
  const pid = watchdogOf(supervisor);
  if (pid === undefined) throw new Error('the session has no watchdog');
  signal(pid, 'SIGKILL');
  return pid;
}

/** The process that cleans up after a session's process. */
export function watchdogOf(supervisor: number): number | undefined {
  return childrenOf(supervisor).find((pid) => commandLine(pid).includes('session-watchdog'));
}
