import { readdirSync, readFileSync } from 'node:fs';
import { parentOf } from '../../src/platform/peer.ts';

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

export function childrenOf(parent: number): number[] {
  return allPids().filter((pid) => parentOf(pid) === parent);
}

/** The process that cleans up after a session's process. */
export function watchdogOf(supervisor: number): number | undefined {
  return childrenOf(supervisor).find((pid) => commandLine(pid).includes('synsc-watchdog'));
}
