import { fstatSync, statSync } from 'node:fs';
import { isatty } from 'node:tty';
import {
  connect,
  type ProcessStream,
  RpcError,
  type StreamExit,
  type SynscClient,
} from '../../../protocol/client.ts';
import { type ErrorCode, errors } from '../../../protocol/errors.ts';
import type { StartedSpawn } from '../../../protocol/session/schemas.ts';
import { codeOf, refusalOf, SynscError } from '../../errors.ts';
import type { Ending } from '../ending.ts';
import { exitCodeOf, exitCodeOfSignal } from '../exit-code.ts';
import { Output } from '../output.ts';
import { terminalSize } from '../terminal-size.ts';
import { workingDirectory } from '../working-directory.ts';

export interface ExecOptions {
  readonly authorize: readonly string[];
  readonly cwd?: string;
  readonly sync: boolean;
  readonly json?: boolean;
  /** Shell text, instead of a command and its arguments. */
  readonly command?: string;
}

/** Signals that are meant for the command. */
const passedSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** What is run, as the methods of the socket take it. */
export type Program = { command: string; cwd: string } | { argv: string[]; cwd: string };

/** `synsc exec` in a session: one command, streamed; returns its exit code. */
export async function exec(argv: readonly string[], options: ExecOptions): Promise<number> {
  const program = programOf(argv, options);
  return inSession(await reach(process.env.SYNSC_SOCKET ?? ''), program, options);
}

export function programOf(
  argv: readonly string[],
  options: { command?: string; cwd?: string },
): Program {
  const cwd = options.cwd ?? workingDirectory();
  if (options.command !== undefined && argv.length > 0) {
    throw new SynscError('USAGE', 'give either -c STRING or a command', {
      hint: "pass arguments inside the string: synsc exec -c 'echo one two'",
    });
  }
  if (options.command !== undefined) return { command: options.command, cwd };
  if (argv.length > 0) return { argv: [...argv], cwd };
  throw new SynscError('USAGE', 'no command was given', { hint: 'synsc exec -- git status' });
}

/** Connects to the session that this process runs in. */
export async function reach(path: string): Promise<SynscClient> {
  return connect(path).catch((cause: unknown) => {
    const refused = codeOf(cause) === 'EMFILE' ? refusalOf(cause) : undefined;
    if (refused !== undefined) throw refused;
    throw new SynscError('NO_SESSION', 'the session of this terminal is not running any more', {
      cause,
    });
  });
}

/** One command through a session that this process can reach. */
export async function inSession(
  client: SynscClient,
  program: Program,
  options: ExecOptions,
  ending?: Ending,
): Promise<number> {
  const tty = !options.json && isatty(0) && isatty(1);
  const start = async () => {
    await authorize(client, program, options.authorize);
    const started = (await client.call('spawn', {
      ...program,
      background: true,
      endWithCaller: true,
      stream: true,
      ...(tty && { tty: terminalSize() }),
      ...(options.authorize.length > 0 && { authorize: [...options.authorize] }),
    })) as StartedSpawn;
    ending?.handOverSignals(); // the command hears them now
    return started;
  };
  return stream(client, start, { tty, json: options.json === true });
}

/** Joins a command that is started here with our own input and output; returns its exit code. */
export async function stream(
  client: SynscClient,
  start: () => Promise<StartedSpawn>,
  { tty, json }: { readonly tty: boolean; readonly json: boolean },
): Promise<number> {
  try {
    const output = new Output(json);
    const { processId } = await start();
    const process = await client.stream(processId, {
      onOutput(name, data) {
        const full = output.take(name, data);
        if (full !== undefined) holdBack(process, full);
      },
    });
    const release = connectInput(process, tty);
    try {
      const exited = process.exited.catch((cause: unknown) => {
        throw new SynscError('SESSION_ENDING', 'the session ended while the command ran', {
          cause,
        });
      });
      const exit = await Promise.race([exited, output.broken]);
      if (exit === 'broken') return await endUnread(process);
      await output.flushed();
      if (json) output.print(processId, exit);
      else sayWithheld(exit);
      return exitCodeOf(exit);
    } finally {
      release();
    }
  } catch (error) {
    throw asSynscError(error);
  } finally {
    client.close();
  }
}

/** Reads no more until our own reader has taken what it has. */
function holdBack(process: ProcessStream, sink: NodeJS.WriteStream): void {
  process.pause();
  sink.once('drain', () => process.resume());
}

/** Nobody reads our output any more (`| head`): the command ends as SIGPIPE would end it. */
async function endUnread(process: ProcessStream): Promise<number> {
  process.kill('SIGPIPE');
  process.kill();
  process.resume(); // it waits for a reader that will never come
  await process.exited;
  return exitCodeOfSignal('SIGPIPE');
}

async function authorize(
  client: SynscClient,
  program: Program,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return;
  const { status } = await client.call('authorization.request', { ...program, names: [...names] });
  if (status === 'approved') return;
  const why = {
    denied: 'the user said no',
    expired: 'nobody answered the question',
    unavailable: 'the session has no terminal in which the user could be asked',
  }[status];
  throw new SynscError('NOT_AUTHORIZED', `${names.join(', ')} was not authorised: ${why}`);
}

/** Passes input, size and signals to the command until the returned function is called. */
function connectInput(command: ProcessStream, tty: boolean): () => void {
  // one piece at a time: what the command does not read stays where it comes from
  const data = (bytes: Buffer) => {
    process.stdin.pause();
    void command.write(bytes).then(() => process.stdin.resume());
  };
  const end = () => command.endInput();
  const resized = () => {
    const { columns, rows } = terminalSize();
    command.resize(columns, rows);
  };
  const passOn = (signal: NodeJS.Signals) => command.kill(signal);
  const hasInput = !isNullDevice(0);
  if (hasInput) process.stdin.on('data', data).on('end', end);
  else end();
  for (const name of passedSignals) process.on(name, passOn);
  if (tty) {
    process.stdin.setRawMode(true);
    process.stdout.on('resize', resized);
  }
  return () => {
    if (tty) process.stdin.setRawMode(false);
    if (hasInput) process.stdin.off('data', data).off('end', end).destroy();
    process.stdout.off('resize', resized);
    for (const name of passedSignals) process.off(name, passOn);
  };
}

/** Which agents give as input: nothing comes from it, and Node would load much to find that out. */
function isNullDevice(fd: number): boolean {
  return fstatSync(fd).rdev === statSync('/dev/null', { throwIfNoEntry: false })?.rdev;
}

/** A command that fails without a credential is told so: silent stripping misleads people. */
function sayWithheld(exit: StreamExit): void {
  if (exitCodeOf(exit) === 0) return;
  const { decisions } = exit;
  const refused = decisions.filter(
    ({ withheld, given }) => withheld.length > 0 && given.length === 0,
  );
  const told = refused.find(({ provider }) => provider !== undefined) ?? refused.at(-1);
  if (told === undefined) return;
  const { withheld, program, reason } = told;
  process.stderr.write(`synsc: withheld ${withheld.join(', ')} from ${program}: ${reason}\n`);
}

/** A refusal of the session, with the exit code of the error table. */
export function asSynscError(error: unknown): unknown {
  if (!(error instanceof RpcError) || error.data === undefined) return error;
  const { code, hint } = error.data;
  return code in errors ? new SynscError(code as ErrorCode, error.message, { hint }) : error;
}
