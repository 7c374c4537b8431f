import { closeSync, writeSync } from 'node:fs';
import { codeOf, SynscError } from '../../errors.ts';
import { type Ended, startProcess } from '../../platform/children.ts';
import { pipe } from '../../platform/descriptors.ts';
import { mayExecute, runsByItself } from '../../platform/executable.ts';
import type { Program, Stdio } from '../../platform/spawn.ts';
import { direct, launcher } from './launcher.ts';

/** Descriptors that a start has opened: all are closed when it fails. */
export class Descriptors {
  readonly #open = new Set<number>();

  /** Throws LIMIT when no more can be opened. */
  pipe(): { read: number; write: number } {
    const made = pipe();
    if (made === undefined) {
      this.closeAll();
      throw tooMany('no further pipe can be opened');
    }
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

export interface ForkOptions extends Required<Program> {
  /** `NAME=value` lines for the launcher. */
  readonly values: Buffer;
  readonly onEnd: Ended;
}

/**
 * Starts a program and hands over its terminal and its values; returns its process id. Throws LIMIT when
 * the system refuses another process or so long a command, NO_SUCH_DIRECTORY; nothing is left open then.
 */
export function fork(
  options: ForkOptions,
  terminalPath: string | undefined,
  stdio: Stdio,
  descriptors: Descriptors,
): number {
  try {
    const plain = terminalPath === undefined && options.values.length === 0;
    return (
      (plain && runsByItself(options.file) ? startDirectly(options, stdio) : undefined) ??
      startByLauncher(options, terminalPath, stdio, descriptors)
    );
  } catch (error) {
    descriptors.closeAll();
    throw startFailure(error, options.cwd);
  }
}

/** Undefined where the system refuses: the launcher then tells why, in the command's own output. */
function startDirectly(options: ForkOptions, stdio: Stdio): number | undefined {
  try {
    return startProcess(direct(options), stdio, options.onEnd);
  } catch {
    return undefined;
  }
}

function startByLauncher(
  options: ForkOptions,
  terminalPath: string | undefined,
  stdio: Stdio,
  descriptors: Descriptors,
): number {
  const values = descriptors.pipe();
  const program = launcher(options, terminalPath);
  const pid = startProcess(program, [...stdio, values.read], options.onEnd);
  descriptors.close(values.read);
  if (options.values.length > 0) hand(options.values, values.write);
  descriptors.close(values.write);
  return pid;
}

function hand(values: Buffer, fd: number): void {
  try {
    writeSync(fd, values);
  } catch (error) {
    if (codeOf(error) !== 'EPIPE') throw error; // it was killed before it could take them
  }
}

const noFurther = {
  message: 'the system starts no further process now',
  hint: 'wait for running commands to end, or raise the limit of processes: `ulimit -u`',
};
/** What the system refuses a start for (errno(3)), in the session's words. */
const limits: Readonly<Record<string, typeof noFurther>> = {
  EAGAIN: noFurther,
  ENOMEM: noFurther,
  E2BIG: {
    message: 'the command and its environment are too long for the system',
    hint: 'pass long data by stdin or a file',
  },
};

function startFailure(error: unknown, cwd: string): unknown {
  const limit = limits[codeOf(error)];
  if (limit !== undefined) return new SynscError('LIMIT', limit.message, { hint: limit.hint });
  if (error instanceof SynscError || mayExecute(cwd)) return error;
  return new SynscError('NO_SUCH_DIRECTORY', 'the working directory may not be entered');
}

function tooMany(message: string): SynscError {
  return new SynscError('LIMIT', message, {
    hint: 'wait for running commands to end, or raise the limit of open files: `ulimit -n`',
  });
}
