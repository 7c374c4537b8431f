import { createConnection, type Socket } from 'node:net';
import { RpcError } from './refusal.ts';
import type { Decision } from './session/decision.ts';
import {
  type Frame,
  FrameReader,
  frameHeader,
  framesProtocol,
  frameTypes,
  jsonFrame,
} from './session/frames.ts';
import type { ExitStatus } from './session/schemas.ts';

/** How the process ended. */
export interface StreamExit extends ExitStatus {
  readonly redactions: number;
  /** On every program that it started. */
  readonly decisions: Decision[];
}

export interface StreamOptions {
  /** Bytes since the start of the output; default 0. */
  readonly fromOffset?: number;
  /** Gets the redacted output as it comes; `offset` is that of its first byte. */
  readonly onOutput: (stream: 'stdout' | 'stderr' | 'tty', data: Buffer, offset: number) => void;
}

/** One process of a session on a connection of its own, for clients that move many bytes. */
export interface ProcessStream {
  /** Resolves after the last output; rejects when the connection ended before. */
  readonly exited: Promise<StreamExit>;
  /** To the command's standard input; resolves when more may be sent. */
  write(bytes: Buffer): Promise<void>;
  endInput(): void;
  resize(columns: number, rows: number): void;
  kill(signal?: string): void;
  /** Says how far the output was read; from the first call on the session waits for these. */
  ack(offset: number): void;
  /** Reads nothing more until `resume`; the session then holds the command back if it is the caller's. */
  pause(): void;
  resume(): void;
  close(): void;
}

const endOfHead = '\r\n\r\n';
const headLimit = 16 * 1024;
const outputs = { 1: 'stdout', 2: 'stderr', 3: 'tty' } as const;

/** Joins a process of the session at `path`. Rejects with `RpcError`, or the system's error. */
export async function openStream(
  path: string,
  processId: string,
  options: StreamOptions,
): Promise<ProcessStream> {
  const socket = createConnection(path);
  const target = `/processes/${processId}/stream?fromOffset=${options.fromOffset ?? 0}`;
  socket.write(
    `GET ${target} HTTP/1.1\r\nHost: session\r\nConnection: Upgrade\r\nUpgrade: ${framesProtocol}${endOfHead}`,
  );
  const { head, rest } = await readHead(socket);
  if (!head.startsWith('HTTP/1.1 101 ')) {
    socket.destroy();
    throw refusal(rest);
  }
  const offset = Number(/^synsc-offset: (\d+)/im.exec(head)?.[1] ?? 0);
  return joined(socket, rest, offset, options);
}

/** Head of the answer, and what came behind it; a refusal's body is complete. */
function readHead(socket: Socket): Promise<{ head: string; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    function stop(): void {
      socket.off('data', data).off('close', closed).off('error', reject);
    }
    function data(chunk: Buffer): void {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf(endOfHead);
      const head = seen.toString('latin1', 0, Math.max(end, 0));
      const rest = seen.subarray(end + endOfHead.length);
      const body = head.startsWith('HTTP/1.1 101 ') ? 0 : contentLength(head);
      if (end >= 0 && rest.length >= body) {
        stop();
        socket.pause();
        resolve({ head, rest });
      } else if (seen.length > headLimit) closed();
    }
    function closed(): void {
      stop();
      socket.destroy();
      reject(new Error('the session ended the connection'));
    }
    socket.on('data', data).once('close', closed).once('error', reject);
  });
}

function contentLength(head: string): number {
  return Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
}

function refusal(body: Buffer): Error {
  const { error } = JSON.parse(body.toString()) as { error: RpcError };
  return new RpcError(error);
}

function joined(
  socket: Socket,
  rest: Buffer,
  start: number,
  { onOutput }: StreamOptions,
): ProcessStream {
  const reader = new FrameReader();
  let offset = start;
  let finish: (exit: StreamExit) => void = () => undefined;

  function take({ type, data }: Frame): void {
    if (type === 1 || type === 2 || type === 3) {
      const from = offset;
      offset += data.length;
      onOutput(outputs[type], data, from);
    } else if (type === frameTypes.ack)
      ({ offset } = JSON.parse(data.toString()) as { offset: number });
    else if (type === frameTypes.exit) finish(JSON.parse(data.toString()) as StreamExit);
  }
  const exited = new Promise<StreamExit>((resolve, reject) => {
    finish = (exit) => {
      resolve(exit);
      socket.destroy();
    };
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('the connection to the session is closed')));
  });
  exited.catch(() => undefined); // for whoever awaits it
  socket.on('data', (chunk) => {
    try {
      for (const frame of reader.push(chunk)) take(frame);
    } catch (error) {
      socket.destroy(error instanceof Error ? error : undefined);
    }
  });
  socket.unshift(rest);
  let paused = false;
  // the caller has the stream before its first output
  setImmediate(() => {
    if (!paused) socket.resume();
  });
  return {
    exited,
    write(bytes) {
      socket.write(frameHeader(frameTypes.stdin, bytes.length));
      return new Promise((resolve) => void socket.write(bytes, () => resolve()));
    },
    endInput: () => void socket.write(frameHeader(frameTypes.endOfStdin, 0)),
    resize: (columns, rows) => void socket.write(jsonFrame(frameTypes.resize, { columns, rows })),
    kill: (signal) => void socket.write(jsonFrame(frameTypes.signal, { signal })),
    ack: (read) => void socket.write(jsonFrame(frameTypes.ack, { offset: read })),
    pause() {
      paused = true;
      socket.pause();
    },
    resume() {
      paused = false;
      socket.resume();
    },
    close: () => void socket.destroy(),
  };
}
