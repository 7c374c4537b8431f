import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { codeOf, SynscError } from '../../errors.ts';
import { pipe } from '../../platform/descriptors.ts';
import { mayExecute, runsByItself } from '../../platform/executable.ts';
import { release } from '../../platform/pages.ts';
import { direct, launcher, type Start } from './launcher.ts';

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
  /** `NAME=value` lines for the launcher; released as soon as they are in the pipe. */
  readonly values: Buffer;
}

type Stdio = readonly (number | 'ignore')[];
type Started = ChildProcess & { readonly pid: number };

/**
 * Starts a program and hands over its terminal and its values. Throws LIMIT when the system refuses
 * another process or so long a command, NO_SUCH_DIRECTORY; nothing is left open then.
 */
export function fork(
  options: ForkOptions,
  terminalPath: string | undefined,
  stdio: Stdio,
  descriptors: Descriptors,
): Started {
  try {
    const plain = terminalPath === undefined && options.values.length === 0;
    return (
      (plain && runsByItself(options.file) ? startDirectly(options, stdio) : undefined) ??
      startByLauncher(options, terminalPath, stdio, descriptors)
    );
  } catch (error) {
    descriptors.closeAll();
    throw startFailure(error);
  } finally {
    release(options.values);
  }
}

/** Undefined where the system refuses: the launcher then tells why, in the command's own output. */
function startDirectly(options: ForkOptions, stdio: Stdio): Started | undefined {
  try {
    const child = start(direct(options), stdio);
    return hasPid(child) ? child : undefined;
  } catch {
    return undefined;
  }
}

function startByLauncher(
  options: ForkOptions,
  terminalPath: string | undefined,
  stdio: Stdio,
  descriptors: Descriptors,
): Started {
  const values = descriptors.pipe();
  const child = start(launcher(options, terminalPath), [...stdio, values.read]);
  descriptors.close(values.read);
  if (!hasPid(child)) throw refused(options.cwd);
  if (options.values.length > 0) hand(options.values, values.write);
  descriptors.close(values.write);
  return child;
}

function start({ file, args, env, cwd }: Start, stdio: Stdio): ChildProcess {
  // detached: setsid(2), no way back to the user's terminal
  const child = spawn(file, args, { cwd, env, detached: true, stdio: [...stdio] });
  child.on('error', () => undefined); // there is no pid then
  return child;
}

function hand(values: Buffer, fd: number): void {
  try {
    writeSync(fd, values);
  } catch (error) {
    if (codeOf(error) !== 'EPIPE') throw error; // it was killed before it could take them
  }
}

function refused(cwd: string): SynscError {
  if (!mayExecute(cwd)) {
    return new SynscError('NO_SUCH_DIRECTORY', 'the working directory may not be entered');
  }
  return new SynscError('LIMIT', 'the system starts no further process now', {
    hint: 'wait for running commands to end, or raise the limit of processes: `ulimit -u`',
  });
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
  return codeOf(error) === 'E2BIG'
    ? new SynscError('LIMIT', 'the command and its environment are too long for the system', {
        hint: 'pass long data by stdin or a file',
      })
    : error;
}
