import { closeSync, constants, openSync, writeFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { refusalOf, SynscError } from '../../errors.ts';
import type { Approver } from '../../supervisor/authorization/approver.ts';
import { nobody } from '../../supervisor/authorization/approver.ts';
import type { Front } from '../../supervisor/session/front.ts';
import { type Ending, untilEnded } from '../ending.ts';
import { exitCodeOf } from '../exit-code.ts';
import { printError } from '../print.ts';
import { openSession, type Session } from '../session.ts';
import { FrontTerminal } from '../terminal.ts';
import { terminalSize } from '../terminal-size.ts';

export interface LaunchOptions {
  readonly label?: string;
  readonly sync: boolean;
  /** File that gets one JSON line an event. */
  readonly jsonEvents?: string;
}

/** `synsc launch`: a session that lives as long as its command; returns the command's exit code. */
export function launch(command: readonly string[], options: LaunchOptions): Promise<number> {
  return untilEnded(async (ending) => {
    ending.heedStreams();
    const terminal = isatty(0) && isatty(1) ? new FrontTerminal() : undefined;
    const approver: Approver = terminal ?? nobody;
    const { label, sync } = options;
    const session = await openSession({ approver, label, sync, ending });
    try {
      return await run(command, session, terminal, { ending, report: reporter(options) });
    } finally {
      await session.end('the command has ended');
    }
  });
}

function warn(session: Session): void {
  const { tooShort, wholeOnly } = session.weak();
  for (const name of tooShort) {
    process.stderr.write(`synsc: ${name} is too short to be redacted in output\n`);
  }
  for (const name of wholeOnly) {
    process.stderr.write(`synsc: ${name} is short or regular: only the whole of it is redacted\n`);
  }
}

type Report = (event: object) => void;

function reporter({ jsonEvents: file }: LaunchOptions): Report {
  return file === undefined ? () => undefined : (event) => appendEvent(file, event);
}

const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
/** Of a FIFO too: one that nobody reads is refused at once. */
const appending = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK;

/** Throws USAGE when the file can't be written. */
function appendEvent(file: string, event: object): void {
  try {
    const fd = openSync(file, appending, 0o600);
    try {
      writeFileSync(fd, `${JSON.stringify(event)}\n`);
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw new SynscError('USAGE', 'the file of --json-events cannot be written', {
      cause,
      hint: refusalOf(cause)?.hint ?? 'name a file in a directory that exists and is yours',
    });
  }
}

/** What the command has done counts also where that can't be written down. */
function reportEnd(report: Report, exitCode: number): void {
  try {
    report({ event: 'exit', exitCode });
  } catch (error) {
    printError(error, { json: false });
  }
}

async function run(
  command: readonly string[],
  session: Session,
  terminal: FrontTerminal | undefined,
  { ending, report }: { readonly ending: Ending; readonly report: Report },
): Promise<number> {
  const argv = command.length > 0 ? command : [process.env.SHELL || '/bin/sh'];
  report({ event: 'ready', socket: session.socketPath, session: session.id, pid: process.pid });
  if (terminal !== undefined) warn(session); // what is written later, the command would find on its screen
  terminal?.enter((saved) => session.rememberTerminal(saved));
  try {
    const front = await session.front({ argv, tty: terminal && terminalSize() });
    terminal?.connect(front);
    forward(front, terminal);
    if (terminal === undefined) warn(session);
    const ended = front.exited.then(async (status) => {
      await terminal?.flushed();
      return exitCodeOf(status);
    });
    const exitCode = await Promise.race([ended, ending.asked]);
    reportEnd(report, exitCode);
    return exitCode;
  } finally {
    terminal?.leave();
  }
}

function forward(front: Front, terminal: FrontTerminal | undefined): void {
  front.log.listen((segment) => {
    if (segment === undefined) return;
    const sink = segment.stream === 'stderr' ? process.stderr : process.stdout;
    const release = segment.block.borrow();
    const done = () => {
      segment.data.fill(0); // it may be a value that the user authorised
      release();
    };
    const taken = terminal?.show(segment.data, done) ?? sink.write(segment.data, done);
    if (taken) return;
    front.pause();
    sink.once('drain', () => front.resume());
  });
}
