import type { Socket } from 'node:net';
import type { Notification, NotificationName } from '../../../protocol/session/methods.ts';
import { messageLimit, type Role } from '../../../protocol/session/schemas.ts';
import { createLineReader, encodeLine } from '../../../protocol/transport.ts';
import { SynscError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { hungUp, peerOf } from '../../platform/peer.ts';
import type { Caller } from '../session/verbs.ts';
import type { Dispatch } from './dispatch.ts';
import { failureResponse } from './failure.ts';
import { createSlots } from './slots.ts';

/** Requests of one connection that are worked on at a time. */
export const requestsInFlight = 16;
/** Bytes that may wait for a reader before its sender is asked to stop. */
const writeBuffer = 256 * 1024;

export interface LineConnection {
  readonly role: Role;
  notify<N extends NotificationName>(name: N, params: Notification<N>): boolean;
}

/** Milliseconds between two looks whether a client that sent its last request is still there. */
const lookInterval = 100;

/**
 * Serves newline-delimited JSON-RPC on a connection. A client that has sent its last request
 * (`printf … | nc -U`) still gets its answers; when it is gone, its calls are aborted.
 */
export function serveLines(
  socket: Socket,
  role: Role,
  dispatch: Dispatch,
  log: Log,
): LineConnection {
  const slots = createSlots(requestsInFlight);
  const reader = createLineReader(messageLimit);
  const left = new AbortController();
  let open = 0;
  let ended = false;

  function send(message: unknown): boolean {
    if (!socket.writable) return false;
    socket.write(encodeLine(message));
    return socket.writableLength <= writeBuffer;
  }
  function notify<N extends NotificationName>(method: N, params: Notification<N>): boolean {
    return send({ jsonrpc: '2.0', method, params });
  }
  /** A client that asks faster than it is answered, or doesn't read its answers, waits. */
  function regulate(): void {
    if (slots.waiting > 0 || socket.writableLength > writeBuffer) socket.pause();
    else if (!reader.tooLong) socket.resume();
  }
  function settle(): void {
    if (open === 0 && (ended || left.signal.aborted)) socket.end();
    else regulate();
  }
  const asker = Symbol('connection');
  const caller: Caller = {
    role,
    pid: peerOf(socket)?.pid,
    asker,
    gone: left.signal,
    notify,
    drained: () => drained(socket),
  };

  function handle(line: Buffer): void {
    if (line.length === 0 || (line.length === 1 && line[0] === 0x0d)) return;
    open += 1;
    dispatch(line, caller, slots)
      .then((answer) => answer !== undefined && send(answer))
      .catch((error: unknown) => log.error({ err: error }, 'an answer could not be sent'))
      .finally(() => {
        open -= 1;
        settle();
      });
  }
  function leave(): void {
    left.abort();
    settle();
  }

  socket.on('data', (chunk) => {
    for (const line of reader.push(chunk)) handle(line);
    if (reader.tooLong) {
      send(failureResponse(null, new SynscError('LIMIT', 'a message has at most 1 MiB')));
      socket.pause();
      socket.destroySoon();
    } else regulate();
  });
  socket.on('drain', regulate);
  socket.on('end', () => {
    handle(reader.rest());
    ended = true;
    settle();
    whenHungUp(socket, leave);
  });
  socket.on('close', leave);
  return { role, notify };
}

function whenHungUp(socket: Socket, leave: () => void): void {
  const timer = setInterval(() => {
    if (!hungUp(socket)) return;
    clearInterval(timer);
    leave();
  }, lookInterval).unref();
  socket.once('close', () => clearInterval(timer));
}

function drained(socket: Socket): Promise<void> {
  if (!socket.writableNeedDrain || socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    function done(): void {
      socket.off('drain', done).off('close', done);
      resolve();
    }
    socket.on('drain', done).on('close', done);
  });
}
