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
import { drained, whenHungUp, writeBuffer } from './socket.ts';

/** Requests of one connection that are worked on at a time, until their answers are taken. */
const requestsInFlight = 16;

/** Bytes that may wait for a reader before another request is worked on: notifications stop long before. */
const answerBuffer = 2 * writeBuffer;

const carriageReturn = 0x0d;
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
  const reader = createLineReader(messageLimit);
  const left = new AbortController();
  setMaxListeners(0, left.signal, socket); // one for each command that is followed
  /** What has come and is not worked on yet. */
  let lines: Iterator<Buffer, void> = [].values();
  let next: Buffer | undefined;
  let open = 0;
  let ended = false;
  let watched = false;

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
  const caller = callerOf(remote, socket, left.signal, { notify, notifyOutput });

  async function handle(line: Buffer): Promise<void> {
    open += 1;
    try {
      const answer = await dispatch(line, caller);
      if (answer !== undefined && !send(`${answer}\n`)) await drained(socket);
    } catch (error) {
      log.error({ err: error }, 'an answer could not be sent');
    }
    open -= 1;
    proceed();
  }
  /** A client that asks faster than it is answered, or doesn't take its answers, waits. */
  function proceed(): void {
    if (left.signal.aborted) return void (open === 0 && socket.destroySoon());
    for (; ; next = undefined) {
      next ??= nextOf(lines);
      if (next === undefined) break;
      if (open >= requestsInFlight) return void wait();
      void handle(next);
    }
    if (reader.tooLong) {
      send(encodeLine(tooLong));
      socket.pause().destroySoon();
    } else if (ended && open === 0) socket.end();
    else socket.resume();
  }
  /** One that isn't read tells of no end. */
  function wait(): void {
    socket.pause();
    watch();
  }
  function watch(): void {
    if (!watched) whenHungUp(socket, leave);
    watched = true;
  }
  function leave(): void {
    left.abort('the connection is gone');
    proceed();
  }

  socket.on('data', (chunk) => {
    lines = reader.push(chunk);
    proceed();
  });
  socket.on('end', () => {
    lines = [reader.rest()].values();
    ended = true;
    proceed();
    watch();
  });
  socket.on('close', leave);
  return {
    get role() {
      return remote.role;
    },
    notify,
  };
}

/** The next line that is not empty. */
function nextOf(lines: Iterator<Buffer, void>): Buffer | undefined {
  for (;;) {
    const { value: line } = lines.next();
    if (line === undefined) return undefined;
    if (line.length > 1 || (line.length === 1 && line[0] !== carriageReturn)) return line;
  }
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
    crowded: () => (socket.writableLength > answerBuffer ? drained(socket) : undefined),
  };
}
