import { libc } from './native.ts';
import { nameOfSignal } from './signals.ts';
import { type Program, type Stdio, spawnProcess } from './spawn.ts';
import { childrenOfTask } from './tree.ts';

const WNOHANG = 1;

/** Hears once how a process ended: its exit code, or the signal that ended it. */
export type Ended = (exitCode: number | null, signal: string | null) => void;

/** Who waits for which child of this process. */
const awaited = new Map<number, Ended>();

/** Starts a process as `spawnProcess` does; how it ended is told in a later turn. */
export function startProcess(program: Program, stdio: Stdio, ended: Ended): number {
  if (!process.listeners('SIGCHLD').includes(reap)) process.on('SIGCHLD', reap);
  const pid = spawnProcess(program, stdio);
  awaited.set(pid, ended);
  return pid;
}

/**
 * Collects what has ended: children that were started here, and the orphans that this process adopted as
 * subreaper, of which the kernel makes its first thread the parent. Node has no children meanwhile: it
 * waits for each that it starts, before anything else comes to its turn.
 */
export function reap(): void {
  const orphans = childrenOfTask(process.pid, process.pid);
  for (const pid of new Set([...awaited.keys(), ...orphans])) {
    const status = statusOf(pid);
    if (status !== undefined) tell(pid, status);
  }
}

/** As waitpid(2) gives it; undefined while it runs. */
function statusOf(pid: number): number | undefined {
  const status = new Int32Array(1);
  const reaped: unknown = libc('int waitpid(int pid, int *status, int options)')?.(
    pid,
    status,
    WNOHANG,
  );
  return reaped === pid ? status[0] : undefined;
}

/** <sys/wait.h>: the lower seven bits are the signal, the next byte is the exit code. */
function tell(pid: number, status: number): void {
  const signal = status & 0x7f;
  const ended = awaited.get(pid);
  awaited.delete(pid);
  if (signal === 0) ended?.((status >> 8) & 0xff, null);
  else ended?.(null, nameOfSignal(signal));
}
