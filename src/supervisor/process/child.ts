import { closeSync, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import type { ReadStream } from 'node:tty';
import type { Ended } from '../../platform/children.ts';
import { blocking, nonBlocking } from '../../platform/descriptors.ts';
import { openTerminal } from '../../platform/pty.ts';
import type { Stdio } from '../../platform/spawn.ts';
import { Descriptors, type ForkOptions, fork } from './fork.ts';
import type { StreamName } from './output.ts';
import { readPipe, readTerminal } from './reader.ts';

export interface ChildOptions extends Omit<ForkOptions, 'onEnd'> {
  /** `inherit`: our own standard input. */
  readonly stdin: 'none' | 'pipe' | 'inherit';
  readonly tty?: { readonly columns: number; readonly rows: number } | undefined;
  /** Raw output: goes to a redactor and nowhere else. */
  readonly onData: (stream: StreamName, bytes: Buffer) => void;
  readonly onExit: Ended;
}

export interface Child {
  readonly pid: number;
  /** What its output descriptors lead to, as the kernel names it: such as `pipe:[4711]`. */
  readonly outlets: readonly string[];
  /** Resolves when the command's side has taken it, or is closed. */
  write(bytes: Buffer): Promise<void>;
  closeStdin(): void;
  resize(columns: number, rows: number): void;
  pause(): void;
  resume(): void;
  /** Stops reading and closes every descriptor. */
  close(): void;
}

/** Starts a command in a session of its own, on real pipes or in a terminal. Throws as `fork` does. */
export function startChild(options: ChildOptions): Child {
  return options.tty === undefined ? startOnPipes(options) : startInTerminal(options, options.tty);
}

function startOnPipes(options: ChildOptions): Child {
  const descriptors = new Descriptors();
  const stdin = options.stdin === 'pipe' ? descriptors.pipe() : undefined;
  const stdout = descriptors.pipe();
  const stderr = descriptors.pipe();
  const standardInput = stdin?.read ?? (options.stdin === 'inherit' ? 0 : 'ignore');
  if (standardInput === 0) blocking(0); // Node may have changed that for itself: programs expect it
  const stdio: Stdio = [standardInput, stdout.write, stderr.write];
  const outlets = [stdout, stderr].map(({ read }) => `pipe:[${fstatSync(read).ino}]`);
  const onEnd = afterDraining(options.onExit, () => {
    input?.destroy();
    for (const one of readers) one.drain();
  });
  const pid = fork({ ...options, onEnd }, undefined, stdio, descriptors);
  for (const fd of stdio) if (typeof fd === 'number') descriptors.close(fd);

  const input = stdin && new Socket({ fd: stdin.write, readable: false, writable: true });
  input?.on('error', () => undefined); // the command closed its input: nothing to tell anybody
  const readers = [
    readPipe(stdout.read, (bytes) => options.onData('stdout', bytes)),
    readPipe(stderr.read, (bytes) => options.onData('stderr', bytes)),
  ];
  return {
    pid,
    outlets,
    write: (bytes) => written(input, bytes),
    closeStdin: () => void input?.end(),
    resize: () => undefined,
    pause: () => readers.forEach((one) => void one.pause()),
    resume: () => readers.forEach((one) => void one.resume()),
    close: () => [input, ...readers.map((one) => one.stream)].forEach((one) => void one?.destroy()),
  };
}

function startInTerminal(
  options: ChildOptions,
  { columns, rows }: { columns: number; rows: number },
): Child {
  const descriptors = new Descriptors();
  const terminal = openTerminal(columns, rows);
  descriptors.add(terminal.master);
  descriptors.add(terminal.slave);
  nonBlocking(terminal.master);
  const onEnd = afterDraining(options.onExit, () => {
    output.drain();
    closeSlave();
  });
  const pid = fork(
    { ...options, onEnd },
    terminal.path,
    ['ignore', 'ignore', 'ignore'],
    descriptors,
  );

  const output = readTerminal(terminal.master, (bytes) => options.onData('tty', bytes));
  const { stream } = output;
  let slave: number | undefined = terminal.slave;
  // our own slave end keeps the master from hanging up before it is read to the end (libuv takes a
  // partial read with POLLHUP for the end of the file)
  const closeSlave = () => {
    if (slave !== undefined) closeSync(slave);
    slave = undefined;
  };
  return {
    pid,
    outlets: [terminal.path],
    write: (bytes) => written(stream, bytes),
    closeStdin: () => void stream.write(Buffer.from([4])), // ^D, the terminal's end of file
    resize: terminal.resize,
    pause: () => output.pause(),
    resume: () => output.resume(),
    close: () => {
      closeSlave();
      stream.destroy();
    },
  };
}

function written(stream: Socket | ReadStream | undefined, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (stream === undefined || stream.destroyed || bytes.length === 0) resolve();
    else stream.write(bytes, () => resolve()); // an error is the command's closed input
  });
}

/** After the exit, what is still in the pipe or terminal is read before the end is told. */
function afterDraining(onExit: Ended, drain: () => void): Ended {
  return (exitCode, signal) => {
    setImmediate(() => {
      drain();
      onExit(exitCode, signal);
    });
  };
}
