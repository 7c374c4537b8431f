import { appendFileSync } from 'node:fs';
import { SynscError } from '../../errors.ts';
import type { Approver } from '../../supervisor/authorization/approver.ts';
import { nobody } from '../../supervisor/authorization/approver.ts';
import type { Front } from '../../supervisor/session/front.ts';
import { exitCodeOf, exitCodeOfSignal } from '../exit-code.ts';
import { printError } from '../print.ts';
import { openSession, type Session } from '../session.ts';
import { FrontTerminal, terminalSize } from '../terminal.ts';

export interface LaunchOptions {
  readonly label?: string;
  readonly sync: boolean;
  /** File that gets one JSON line an event. */
  readonly jsonEvents?: string;
}

/** `synsc launch`: a session that lives as long as its command; returns the command's exit code. */
export async function launch(command: readonly string[], options: LaunchOptions): Promise<number> {
  const terminal = process.stdin.isTTY && process.stdout.isTTY ? new FrontTerminal() : undefined;
  const approver: Approver = terminal ?? nobody;
  const session = await openSession({ approver, label: options.label, sync: options.sync });
  const report = (event: object) => {
    if (options.jsonEvents !== undefined) {
      appendEvent(options.jsonEvents, event);
    }
  };
  for (const name of session.unprotected()) {
    process.stderr.write(`synsc: ${name} is too short to be redacted in output\n`);
  }
  for (const name of session.wholeOnly()) {
    process.stderr.write(`synsc: ${name} is short or regular: only the whole of it is redacted\n`);
  }
  try {
    report({ event: 'ready', socket: session.socketPath, session: session.id, pid: process.pid });
    return await run(command, session, terminal, report);
  } finally {
    await session.end('the command has ended');
  }
}

/** Throws USAGE when the file can't be written. */
function appendEvent(file: string, event: object): void {
  try {
    appendFileSync(file, `${JSON.stringify(event)}\n`, { mode: 0o600 });
  } catch (cause) {
    throw new SynscError('USAGE', 'the file of --json-events cannot be written', {
      cause,
      hint: 'name a file in a directory that exists and is yours',
    });
  }
}

async function run(
  command: readonly string[],
  session: Session,
  terminal: FrontTerminal | undefined,
  report: (event: object) => void,
): Promise<number> {
  const argv = command.length > 0 ? command : [process.env.SHELL || '/bin/sh'];
  const ended = endedBySignal();
  terminal?.enter();
  try {
    const front = await session.front({ argv, tty: terminal && terminalSize() });
    terminal?.connect(front);
    forward(front, terminal);
    const exitCode = await Promise.race([front.exited.then(exitCodeOf), ended]);
    report({ event: 'exit', exitCode });
    return exitCode;
  } finally {
    terminal?.leave();
  }
}

/** Resolves when somebody asks this process to end, or its terminal is gone. */
function endedBySignal(): Promise<number> {
  return new Promise((resolve) => {
    const endAs = (name: string) => resolve(exitCodeOfSignal(name));
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => endAs(name));
    // a bug must not leave commands behind that hold credentials
    for (const event of ['uncaughtException', 'unhandledRejection']) {
      process.on(event, (error: unknown) => resolve(printError(error, { json: false })));
    }
    // a closed terminal or pipe: the default would end this process before it has cleaned up
    process.stdin.on('error', () => endAs('SIGHUP'));
    for (const sink of [process.stdout, process.stderr]) {
      sink.on('error', (error: NodeJS.ErrnoException) =>
        endAs(error.code === 'EPIPE' ? 'SIGPIPE' : 'SIGHUP'),
      );
    }
  });
}

function forward(front: Front, terminal: FrontTerminal | undefined): void {
  front.log.listen((segment) => {
    if (segment === undefined) return;
    const sink = segment.stream === 'stderr' ? process.stderr : process.stdout;
    const taken = terminal?.show(segment.data) ?? sink.write(segment.data);
    if (taken) return;
    front.pause();
    sink.once('drain', () => front.resume());
  });
}
