import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { SynscError } from '../../errors.ts';
import { pipe } from '../../platform/descriptors.ts';
import { release } from '../../platform/pages.ts';
import { runsByItself } from './format.ts';
import { launcher, type Start } from './launcher.ts';

/** Descriptors that a start has opened: all are closed when it fails. */
export class Descriptors {
  readonly #open = new Set<number>();

  /** Throws LIMIT when no more can be opened. */
  pipe(): { read: number; write: number } {
    const made = pipe();
    if (made === undefined) throw tooMany('no further pipe can be opened');
    this.add(made.read);
    this.add(made.write);
    return made;
  }

  add(fd: number): void {
    this.#open.add(fd);
  }

  close(fd: number): void {
    if (this.#open.delete(fd)) closeSync(fd);
  }

  closeAll(): void {
    for (const fd of this.#open) this.close(fd);
  }
}

export interface ForkOptions extends Start {
  readonly cwd: string;
  /** `NAME=value` lines for the launcher; released as soon as they are in the pipe. */
  readonly values: Buffer;
}

type Started = ChildProcess & { readonly pid: number };
type Stdio = readonly (number | 'ignore')[];

/**
 * Starts a program and hands over its values. Throws LIMIT when the system refuses another process or so
 * long a command; nothing is left open then.
 */
export function fork(
  options: ForkOptions,
  terminalPath: string | undefined,
  stdio: Stdio,
  descriptors: Descriptors,
): Started {
  const plain =
    terminalPath === undefined && options.values.length === 0 && runsByItself(options.file);
  try {
    return (
      (plain ? directly(options, stdio) : undefined) ??
      throughLauncher(options, terminalPath, stdio, descriptors)
    );
  } catch (error) {
    descriptors.closeAll();
    throw startFailure(error);
  } finally {
    release(options.values);
  }
}

/** Spares a shell (1 ms). Undefined when it can't be run so: the shell says why, or knows better. */
function directly(options: ForkOptions, stdio: Stdio): Started | undefined {
  try {
    const child = start(options, options.cwd, stdio);
    return hasPid(child) ? child : undefined;
  } catch {
    return undefined;
  }
}

function throughLauncher(
  options: ForkOptions,
  terminalPath: string | undefined,
  stdio: Stdio,
  descriptors: Descriptors,
): Started {
  const values = descriptors.pipe();
  const child = start(launcher(options, terminalPath), options.cwd, [...stdio, values.read]);
  descriptors.close(values.read);
  if (!hasPid(child)) throw new SynscError('LIMIT', 'the system starts no further process now');
  if (options.values.length > 0) writeSync(values.write, options.values);
  descriptors.close(values.write);
  return child;
}

function start({ file, args, env }: Start, cwd: string, stdio: Stdio): ChildProcess {
  const child = spawn(file, args, {
    cwd,
    env,
    detached: true, // setsid(2): no way back to the user's terminal
    stdio: [...stdio],
  });
  child.on('error', () => undefined); // there is no pid then
  return child;
}

function tooMany(message: string): SynscError {
  return new SynscError('LIMIT', message, {
    hint: 'wait for running commands to end, or raise the limit of open files: `ulimit -n`',
  });
}

function hasPid(child: ChildProcess): child is Started {
  return child.pid !== undefined;
}

function startFailure(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'E2BIG'
    ? new SynscError('LIMIT', 'the command and its environment are too long for the system', {
        hint: 'pass long data by stdin or a file',
      })
    : error;
}
