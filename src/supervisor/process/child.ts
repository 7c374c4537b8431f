import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, readSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { ReadStream } from 'node:tty';
import { SynscError } from '../../errors.ts';
import { nonBlocking, pipe } from '../../platform/descriptors.ts';
import { openTerminal } from '../../platform/pty.ts';
import { launcher } from './launcher.ts';
import type { StreamName } from './output.ts';

export interface ChildOptions {
  /** Absolute path. */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Record<string, string>;
  /** `NAME=value` lines for the launcher; overwritten as soon as they are in the pipe. */
  readonly values: Buffer;
  /** `inherit`: our own standard input. */
  readonly stdin: 'none' | 'pipe' | 'inherit';
  readonly tty?: { readonly columns: number; readonly rows: number } | undefined;
  /** Raw output: goes to a redactor and nowhere else. */
  readonly onData: (stream: StreamName, bytes: Buffer) => void;
  readonly onExit: (exitCode: number | null, signal: string | null) => void;
}

export interface Child {
  readonly pid: number;
  /** Resolves when the command's side has taken it, or is closed. */
  write(bytes: Buffer): Promise<void>;
  closeStdin(): void;
  resize(columns: number, rows: number): void;
  pause(): void;
  resume(): void;
  /** Stops reading and closes every descriptor. */
  close(): void;
}

/** Starts a command in a session of its own, on real pipes or in a terminal. */
export function startChild(options: ChildOptions): Child {
  return options.tty === undefined ? startOnPipes(options) : startInTerminal(options, options.tty);
}

function startOnPipes(options: ChildOptions): Child {
  const stdin = options.stdin === 'pipe' ? needPipe() : undefined;
  const stdout = needPipe();
  const stderr = needPipe();
  const { child, values } = fork(options, undefined, [
    stdin?.read ?? (options.stdin === 'inherit' ? 0 : 'ignore'),
    stdout.write,
    stderr.write,
  ]);
  for (const fd of [stdin?.read, stdout.write, stderr.write]) if (fd !== undefined) closeSync(fd);
  const input = stdin && new Socket({ fd: stdin.write, readable: false, writable: true });
  input?.on('error', () => undefined); // the command closed its input: nothing to tell anybody
  const readers = [
    reader(
      new Socket({ fd: stdout.read, readable: true, writable: false }),
      stdout.read,
      'stdout',
      options,
    ),
    reader(
      new Socket({ fd: stderr.read, readable: true, writable: false }),
      stderr.read,
      'stderr',
      options,
    ),
  ];
  whenEnded(child, options, () => {
    input?.destroy();
    for (const one of readers) one.drain();
  });
  return {
    pid: pidOf(child, options, values),
    write: (bytes) => written(input, bytes),
    closeStdin: () => void input?.end(),
    resize: () => undefined,
    pause: () => readers.forEach((one) => void one.stream.pause()),
    resume: () => readers.forEach((one) => void one.stream.resume()),
    close: () => [input, ...readers.map((one) => one.stream)].forEach((one) => void one?.destroy()),
  };
}

function startInTerminal(
  options: ChildOptions,
  { columns, rows }: { columns: number; rows: number },
): Child {
  const terminal = openTerminal(columns, rows);
  nonBlocking(terminal.master);
  const { child, values } = fork(options, terminal.path, ['ignore', 'ignore', 'ignore']);
  const stream = new ReadStream(terminal.master);
  const output = reader(stream, terminal.master, 'tty', options);
  let slave: number | undefined = terminal.slave;
  // our own slave end keeps the master from hanging up before it is read to the end (libuv takes a
  // partial read with POLLHUP for the end of the file)
  const closeSlave = () => {
    if (slave !== undefined) closeSync(slave);
    slave = undefined;
  };
  whenEnded(child, options, () => {
    output.drain();
    closeSlave();
  });
  return {
    pid: pidOf(child, options, values),
    write: (bytes) => written(stream, bytes),
    closeStdin: () => void stream.write(Buffer.from([4])), // ^D, the terminal's end of file
    resize: terminal.resize,
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
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

type Standard = number | 'ignore';

function fork(
  options: ChildOptions,
  terminalPath: string | undefined,
  stdio: readonly [Standard, Standard, Standard],
): { child: ChildProcess; values: { read: number; write: number } } {
  const values = needPipe();
  const start = launcher(options, terminalPath);
  const child = spawn(start.file, start.args, {
    cwd: options.cwd,
    env: start.env,
    detached: true, // setsid(2): no way back to the user's terminal
    stdio: [...stdio, values.read],
  });
  return { child, values };
}

/** Hands over the values, and answers the pid. */
function pidOf(
  child: ChildProcess,
  { values: lines }: ChildOptions,
  values: { read: number; write: number },
): number {
  closeSync(values.read);
  try {
    if (lines.length > 0) writeSync(values.write, lines);
  } finally {
    lines.fill(0);
    closeSync(values.write);
  }
  if (child.pid === undefined) throw new SynscError('INTERNAL', 'the command could not be started');
  return child.pid;
}

function needPipe(): { read: number; write: number } {
  const made = pipe();
  if (made === undefined)
    throw new SynscError('UNSUPPORTED', 'pipes need the native package koffi');
  return made;
}

/** After the exit, what is still in the pipe or terminal is read before the end is told. */
function whenEnded(child: ChildProcess, { onExit }: ChildOptions, drain: () => void): void {
  child.on('error', () => onExit(127, null));
  child.on('exit', (code, name) => {
    setImmediate(() => {
      drain();
      onExit(code, name);
    });
  });
}

interface Reader {
  readonly stream: Socket | ReadStream;
  drain(): void;
}

function reader(
  stream: Socket | ReadStream,
  fd: number,
  name: StreamName,
  { onData }: ChildOptions,
): Reader {
  let open = true;
  stream.on('data', (bytes: Buffer) => onData(name, bytes));
  stream.on('error', () => undefined); // EIO: the last process let go of the terminal
  stream.on('close', () => {
    open = false;
  });
  return {
    stream,
    drain() {
      for (let size = 1; open && size > 0; ) {
        const chunk = Buffer.allocUnsafeSlow(65_536);
        size = readNow(fd, chunk);
        if (size > 0) onData(name, chunk.subarray(0, size));
      }
    },
  };
}

function readNow(fd: number, chunk: Buffer): number {
  try {
    return readSync(fd, chunk);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EAGAIN' || code === 'EIO' || code === 'EBADF') return 0;
    throw error;
  }
}
