import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import type { Scope } from '../../src/scope.ts';

/** What a child gets after SIGTERM, in milliseconds: the dashboard promises to end within 5 s. */
const grace = 8000;

/** A process that ends with `scope` at the latest. */
export function start(
  scope: Scope,
  words: readonly string[],
  options: { env: NodeJS.ProcessEnv; cwd: string; stdio: StdioOptions },
): ChildProcess {
  const [file = '', ...args] = words;
  const child = spawn(file, args, options);
  scope.defer(() => stop(child));
  return child;
}

/** Its exit code; null when a signal ended it or it could not start. */
export function exitOf(child: ChildProcess): Promise<number | null> {
  if (hasEnded(child)) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    child.once('exit', resolve);
    child.once('error', () => resolve(null));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return;
  const ended = exitOf(child);
  child.kill('SIGTERM');
  const timer = setTimeout(() => void child.kill('SIGKILL'), grace);
  await ended;
  clearTimeout(timer);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
