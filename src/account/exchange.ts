import type { Duplex } from 'node:stream';
import { type AnswerHearer, AnswerReader, type Head } from './answer.ts';

/** A request, without what its connection adds. */
export interface Request {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** Origin of the server. */
  readonly url: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** Hears one exchange: `failed` comes at any time before `end`, and is then the last. */
export interface Hearer extends AnswerHearer {
  end(): void;
  failed(error: Error): void;
}

/**
 * Sends a request on a connection that nobody else uses, and hands over the answer. `free` gets the connection
 * back when it is good for another exchange; every other one is destroyed. The returned function gives the
 * exchange up.
 */
export function exchangeOn(
  socket: Duplex,
  request: Buffer,
  hearer: Hearer,
  free: (head: Head) => void,
): (reason: Error) => void {
  let head: Head | undefined;
  let over = false;
  const reader = new AnswerReader({
    head(one) {
      head = one;
      hearer.head(one);
    },
    body: (bytes) => hearer.body(bytes),
  });
  const listeners = {
    data: (bytes: Buffer) => read(() => reader.push(bytes)),
    end: () => read(() => reader.end()),
    error: (error: Error) => leave(error),
    close: () => leave(lost()),
  };
  const leave = (error?: Error) => {
    if (over) return;
    over = true;
    for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener);
    if (error === undefined && reader.reusable && head !== undefined) free(head);
    else socket.on('error', () => undefined).destroy(); // what comes now concerns nobody
    if (error === undefined) hearer.end();
    else hearer.failed(error);
  };
  const read = (take: () => void) => {
    try {
      take();
      if (reader.done) leave();
    } catch (error) {
      leave(error as Error);
    }
  };
  for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener);
  if (socket.destroyed) leave(lost());
  else socket.write(request);
  return leave;
}

/** In one piece, which is one record of TLS. */
export function requestBytes({ method, url, path, headers, body }: Request): Buffer {
  const content = body === undefined ? undefined : Buffer.from(body);
  const { host } = new URL(url);
  const fields = {
    host,
    ...headers,
    ...(content && { 'content-length': String(content.length) }),
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  const head = [`${method} ${path} HTTP/1.1`, ...lines];
  if (!head.every((line) => /^[\t\x20-\x7e]*$/.test(line))) {
    throw new TypeError('a field of the request is not printable text');
  }
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), content ?? Buffer.alloc(0)]);
}

/** The code that the system has for it. */
function lost(): Error {
  return Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' });
}
