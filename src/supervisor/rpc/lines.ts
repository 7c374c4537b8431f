import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import type { Notification, NotificationName } from '../../../protocol/session/methods.ts';
import type { Role } from '../../../protocol/session/schemas.ts';
import { createLineReader, encodeLine, messageLimit } from '../../../protocol/transport.ts';
import { SynscError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Caller, Segment } from '../session/verbs.ts';
import type { Dispatch } from './dispatch.ts';
import { failureResponse } from './failure.ts';
import { type OutputLine, outputLine } from './outputLine.ts';
import type { Remote } from './remote.ts';
import { createSlots } from './slots.ts';
import { drained, whenHungUp, writeBuffer } from './socket.ts';

/** Requests of one connection that are worked on at a time, until their answers are taken. */
const requestsInFlight = 16;

const tooLong = failureResponse(null, new SynscError('LIMIT', 'a message has at most 1 MiB'));

export interface LineConnection {
  readonly role: Role;
  notify<N extends NotificationName>(name: N, params: Notification<N>): boolean;
}

/**
 * Serves newline-delimited JSON-RPC on a connection. A client that has sent its last request
 * (`printf … | nc -U`) still gets its answers; when it is gone, its calls are aborted.
 */
export function serveLines(
  socket: Socket,
  remote: Remote,
  dispatch: Dispatch,
  log: Log,
): LineConnection {
  const slots = createSlots(requestsInFlight);
  const reader = createLineReader(messageLimit);
  const left = new AbortController();
  setMaxListeners(0, left.signal, socket); // one for each command that is followed
  let open = 0;
  let ended = false;

  function send(line: string, encoding?: OutputLine['encoding']): boolean {
    if (!socket.writable) return false;
    socket.write(line, encoding);
    return socket.writableLength <= writeBuffer;
  }
  function notify<N extends NotificationName>(method: N, params: Notification<N>): boolean {
    return send(encodeLine({ jsonrpc: '2.0', method, params }));
  }
  function notifyOutput(processId: string, piece: Segment, base64: boolean): boolean {
    const { text, encoding } = outputLine(processId, piece, base64);
    return send(text, encoding);
  }
  /** A client that asks faster than it is answered, or doesn't take its answers, waits. */
  function regulate(): void {
    if (slots.waiting > 0) socket.pause();
    else if (!reader.tooLong) socket.resume();
  }
  function settle(): void {
    if (open === 0 && (ended || left.signal.aborted)) socket.end();
    else regulate();
  }
  const caller = callerOf(remote, socket, left.signal, { notify, notifyOutput });

  function handle(line: Buffer): void {
    if (line.length === 0 || (line.length === 1 && line[0] === 0x0d)) return;
    open += 1;
    slots
      .run(async () => {
        if (left.signal.aborted) return; // it has waited, and its sender has gone
        const answer = await dispatch(line, caller);
        if (answer !== undefined && !send(`${answer}\n`)) await drained(socket);
      })
      .catch((error: unknown) => log.error({ err: error }, 'an answer could not be sent'))
      .finally(() => {
        open -= 1;
        settle();
      });
  }
  function leave(): void {
    left.abort('the connection is gone');
    settle();
  }

  socket.on('data', (chunk) => {
    for (const line of reader.push(chunk)) handle(line);
    if (reader.tooLong) {
      send(encodeLine(tooLong));
      socket.pause();
      socket.destroySoon();
    } else regulate();
  });
  socket.on('end', () => {
    handle(reader.rest());
    ended = true;
    settle();
    whenHungUp(socket, leave);
  });
  socket.on('close', leave);
  return {
    get role() {
      return remote.role;
    },
    notify,
  };
}

function callerOf(
  remote: Remote,
  socket: Socket,
  gone: AbortSignal,
  reach: Required<Pick<Caller, 'notify' | 'notifyOutput'>>,
): Caller {
  const { pid, origin } = remote;
  return {
    get role() {
      return remote.role;
    },
    ...{ pid, origin, gone, ...reach },
    asker: Symbol('connection'),
    drained: () => drained(socket),
  };
}
