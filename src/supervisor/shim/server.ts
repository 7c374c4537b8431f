import { createServer, type Socket } from 'node:net';
import type { Log } from '../../log.ts';
import { listenPrivately } from '../../platform/listen.ts';
import { release } from '../../platform/pages.ts';
import { peerOf } from '../../platform/peer.ts';

/** Shims that are answered at a time; one more runs its tool without credentials. */
const connectionLimit = 256;
/** Milliseconds after which a shim has given up. */
const patience = 2_500;

/** What a shim becomes and with which variables, as lines of bytes; the sender releases it. */
export type AnswerShim = (peer: number, named: number | undefined) => Promise<Buffer | undefined>;

export interface ShimServer {
  close(): Promise<void>;
}

/**
 * Answers the session's shims on a socket of their own (0600), so that no crowd on the other one can
 * keep them waiting. A shim says nothing about itself: the kernel tells who asks, and what it runs.
 * curl(1) speaks HTTP and names its parent in the path.
 */
export async function serveShims(
  socketPath: string,
  answer: AnswerShim,
  log: Log,
): Promise<ShimServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    socket.on('error', () => undefined); // the shim is gone
    const peer = peerOf(socket);
    if (peer === undefined || peer.uid !== process.getuid?.() || sockets.size >= connectionLimit) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.setTimeout(patience, () => void socket.destroy());
    socket.once('close', () => void sockets.delete(socket));
    socket.once('data', (head: Buffer) => {
      const request = head.toString('latin1');
      const named = /^GET \/(\d+) HTTP/.exec(request)?.[1];
      const http = request.startsWith('GET ');
      answer(peer.pid, named === undefined ? undefined : Number(named)).then(
        (bytes) => send(socket, bytes, http),
        (error: unknown) => {
          log.error({ err: error }, 'a shim got no answer'); // its tool runs without credentials
          socket.destroy();
        },
      );
    });
  });
  await listenPrivately(server, socketPath);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function send(socket: Socket, bytes: Buffer | undefined, http: boolean): void {
  if (bytes === undefined) {
    socket.destroy();
    return;
  }
  if (http) socket.write('HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n');
  socket.end(bytes, () => release(bytes));
}
