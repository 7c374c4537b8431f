import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import * as z from 'zod/mini';
import {
  type Frame,
  FrameError,
  FrameReader,
  frameHeader,
  framesProtocol,
  frameTypes,
  jsonFrame,
} from '../../../protocol/session/frames.ts';
import { ackParams, killParams, resizeParams } from '../../../protocol/session/schemas.ts';
import { SynscError } from '../../errors.ts';
import type { Sink } from '../session/follow.ts';
import type { OpenStream, Stream } from '../session/streams.ts';
import type { Caller } from '../session/verbs.ts';
import { refuse } from './failure.ts';
import type { Remote } from './remote.ts';
import { drained, togetherOn, whenHungUp } from './socket.ts';
import type { WantedStream } from './upgrade.ts';

/** Bytes that may wait for a reader: parts of what is kept anyway, and two of the largest. */
const streamBuffer = 512 * 1024;

/** Frames of one client that are taken in one turn of the event loop. */
const framesPerTurn = 64;

const resize = z.pick(resizeParams, { columns: true, rows: true });
const signal = z.pick(killParams, { signal: true });
const ack = z.pick(ackParams, { offset: true });

/** What the frames of a client do, by type; each throws when its payload is wrong. */
const orders: Readonly<Record<number, (payload: Buffer, stream: Stream) => void>> = {
  [frameTypes.resize](payload, stream) {
    const { columns, rows } = resize.parse(JSON.parse(payload.toString()));
    stream.resize(columns, rows);
  },
  [frameTypes.signal]: (payload, stream) =>
    stream.kill(signal.parse(JSON.parse(payload.toString())).signal),
  [frameTypes.ack]: (payload, stream) =>
    stream.ack(ack.parse(JSON.parse(payload.toString())).offset),
  [frameTypes.endOfStdin]: (_payload, stream) => stream.closeStdin(),
};

/**
 * Joins a process with a connection, behind whose request these bytes came, or refuses and ends it. `wanted`
 * may throw why.
 */
export function serveStream(
  { socket, head }: { readonly socket: Socket; readonly head: Buffer },
  wanted: () => WantedStream,
  remote: Remote,
  openStream: OpenStream,
): void {
  socket.on('error', () => void socket.destroy());
  const left = new AbortController();
  const together = togetherOn(socket);
  try {
    const { processId, fromOffset } = wanted();
    const sink = sinkOf(socket, together, () => stream);
    const stream = openStream(processId, fromOffset, callerOf(remote, left), sink);
    together();
    accept(socket, stream.offset);
    socket.once('close', () => {
      left.abort('the connection is gone'); // without a reason Node makes an error, with its stack
      stream.stop();
    });
    receive(socket, head, stream);
    stream.start();
  } catch (error) {
    if (!(error instanceof SynscError)) throw error;
    refuse(socket, error);
  }
}

function callerOf({ role, pid, origin }: Remote, left: AbortController): Caller {
  return { role, pid, origin, asker: origin ?? Symbol('unknown'), gone: left.signal };
}

/** Of any request that asks for another protocol. Throws INVALID_REQUEST, DENIED, INVALID_PARAMS. */
export function wantedBy({ method, url = '', headers }: IncomingMessage): WantedStream {
  if (headers.origin !== undefined) {
    throw new SynscError('DENIED', 'requests of web pages are refused');
  }
  const { pathname, searchParams } = new URL(url, 'http://session');
  const processId = /^\/processes\/([0-9A-Za-z]{1,64})\/stream$/.exec(pathname)?.[1];
  if (method !== 'GET' || processId === undefined || headers.upgrade !== framesProtocol) {
    throw new SynscError('INVALID_REQUEST', 'there is no such stream', {
      hint: `send GET /processes/ID/stream with "Upgrade: ${framesProtocol}"`,
    });
  }
  const offset = searchParams.get('fromOffset') ?? '0';
  if (!/^\d{1,15}$/.test(offset)) {
    throw new SynscError('INVALID_PARAMS', 'fromOffset: must be a number of bytes', {
      field: 'fromOffset',
    });
  }
  return { processId, fromOffset: Number(offset) };
}

function accept(socket: Socket, offset: number): void {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    `Upgrade: ${framesProtocol}`,
    `Synsc-Offset: ${offset}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
}

function sinkOf(socket: Socket, together: () => void, stream: () => Stream): Sink {
  return {
    piece({ stream: name, data, block }) {
      together();
      socket.write(frameHeader(frameTypes[name], data.length));
      socket.write(data, block.borrow());
      return socket.writableLength <= streamBuffer;
    },
    gap: (offset) => void socket.write(jsonFrame(frameTypes.ack, { offset })),
    end: () => void socket.end(jsonFrame(frameTypes.exit, stream().ending())),
    drained: () => drained(socket),
  };
}

/** Takes frames until the connection ends, so many in one turn; what is none ends it. */
function receive(socket: Socket, head: Buffer, stream: Stream): void {
  const reader = new FrameReader();
  let frames: Iterator<Frame, void> = [].values();
  let more = false;
  let waiting = 0;
  /** What the command does not read stays where it comes from. */
  function regulate(): void {
    if (more || waiting > 0) socket.pause();
    else socket.resume();
  }
  function write(data: Buffer): void {
    waiting += 1;
    void stream.write(data).then(() => {
      waiting -= 1;
      regulate();
    });
  }
  function proceed(): void {
    if (socket.destroyed) return;
    try {
      more = takeSome(frames, (frame) => {
        if (frame.type === frameTypes.stdin) write(frame.data);
        else obey(frame, stream);
      });
    } catch {
      return void socket.destroy();
    }
    if (more) setImmediate(proceed);
    regulate();
  }
  function take(chunk: Buffer): void {
    frames = reader.push(chunk);
    proceed();
  }
  socket.on('data', take);
  socket.on('end', () => whenHungUp(socket, () => void socket.destroy()));
  if (head.length > 0) take(head);
}

/** Whether there may be more. */
function takeSome(frames: Iterator<Frame, void>, take: (frame: Frame) => void): boolean {
  for (let taken = 0; taken < framesPerTurn; taken += 1) {
    const { value: frame } = frames.next();
    if (frame === undefined) return false;
    take(frame);
  }
  return true;
}

/** Throws when the frame is not one that a client may send. */
function obey({ type, data }: Frame, stream: Stream): void {
  const order = orders[type];
  if (order === undefined) throw new FrameError('the session sends these');
  order(data, stream);
}
