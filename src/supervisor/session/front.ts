import path from 'node:path';
import type { ManagedProcess } from '../process/table.ts';
import { newCapability } from './commands.ts';
import { sessionEnvironment } from './environment.ts';
import type { Parts } from './parts.ts';
import { requireProgram } from './resolve.ts';

/** How the session's own command is connected to the user. */
export interface FrontOptions {
  readonly argv: readonly string[];
  readonly tty?: { readonly columns: number; readonly rows: number } | undefined;
}

/** The session's own command, as the front end sees it. */
export type Front = Pick<
  ManagedProcess,
  'log' | 'exited' | 'write' | 'resize' | 'pause' | 'resume'
>;

/** Starts the session's own command, without any credential. COMMAND_NOT_FOUND, NOT_EXECUTABLE. */
export async function startFront({ argv, tty }: FrontOptions, parts: Parts): Promise<Front> {
  const { baseEnv, cwd, redactors, shims } = parts;
  const [name = '', ...args] = argv;
  const capability = newCapability();
  const file = requireProgram(name, shims.plain(baseEnv.PATH), cwd, () => redactors.text(name));
  const process = parts.processes.startFront({
    file,
    args: tty === undefined ? args : interactive(file, args, shims.startFile),
    cwd,
    env: sessionEnvironment({ capability }, parts),
    values: Buffer.alloc(0),
    stdin: 'inherit',
    tty,
    command: name,
    filter: (mode, emit) => redactors.frontFilter(mode, emit),
  });
  const searchPath = shims.plain(baseEnv.PATH);
  parts.commands.add({ process, capability, authorized: [], searchPath, isFront: true }, [], true);
  return process;
}

/** The user's own bash reads our start file, which reads theirs first. */
function interactive(file: string, args: string[], startFile: string | undefined): string[] {
  const plain = args.length === 0 && path.basename(file) === 'bash' && startFile !== undefined;
  return plain ? ['--rcfile', startFile] : args;
}
