import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { identities } from '../../platform/tree.ts';

/** Milliseconds between two lists of what runs. */
const listInterval = 500;

/**
 * Outlives a supervisor that was killed by SIGKILL, just long enough to kill what it left and to
 * remove its directories. Reads lists of `pid:start` until the pipe closes, however that happens; the
 * start time spares a later process with the same pid. Then a sweep for what came after the last list.
 */
const script = `
trap '' HUP INT TERM
id=$1; shift
while read -r line <&3; do list=$line; done
[ "$list" = done ] && exit 0
for e in $list; do
  [ "$(sed 's/.*) //' "/proc/\${e%:*}/stat" 2>/dev/null | cut -d' ' -f20)" = "\${e#*:}" ] && kill -9 "\${e%:*}" 2>/dev/null
done
rm -rf -- "$@"
i=0
while [ $((i += 1)) -le 50 ]; do
  left=$(grep -slzxF "SYNSC_SESSION=$id" /proc/[0-9]*/environ 2>/dev/null)
  [ -n "$left" ] || break
  for f in $left; do p=\${f#/proc/}; kill -9 "\${p%/environ}" 2>/dev/null; done
done`;

export interface Watchdog {
  readonly pid: number | undefined;
  /** Tells it what runs now. */
  update(): void;
  /** The session ended in order: it goes without doing anything. */
  dismiss(): void;
}

export function startWatchdog(sessionId: string, directories: readonly string[]): Watchdog {
  const child: ChildProcess = spawn(
    '/bin/sh',
    ['-c', script, 'synsc-watchdog', sessionId, ...directories],
    {
      env: { PATH: '/usr/bin:/bin' },
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    },
  );
  const pipe = child.stdio[3] as Writable;
  pipe.on('error', () => undefined); // it is gone; the session goes on
  const update = () => void pipe.write(`${identities(child.pid).join(' ')}\n`);
  const timer = setInterval(update, listInterval).unref();
  child.unref();
  return {
    pid: child.pid,
    update,
    dismiss: () => {
      clearInterval(timer);
      pipe.end('done\n');
    },
  };
}
