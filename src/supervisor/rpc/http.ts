import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '../../log.ts';
import { lazily } from '../../platform/lazily.ts';
import type { OpenStream } from '../session/streams.ts';
import type { Dispatch } from './dispatch.ts';
import { notLoaded } from './failure.ts';
import type { Remote } from './remote.ts';
import { serveStream, wantedBy } from './stream.ts';

/** Takes over connections whose first byte says HTTP: `POST /rpc`, and streams of processes. */
export interface HttpDialect {
  serve(socket: Socket, remote: Remote): void;
}

/** Requests that a client may send before it is answered: nobody needs that, as there are batches. */
const requestsInFlight = 16;

/** Milliseconds that a request may take to arrive, its head and all of it. */
const patience = { headersTimeout: 10_000, requestTimeout: 30_000 };

export function createHttpDialect(
  dispatch: Dispatch,
  openStream: OpenStream,
  log: Log,
): HttpDialect {
  const remotes = new WeakMap<object, Remote>();
  const server = createServer({ ...patience, connectionsCheckingInterval: 1_000 });
  type Handle = (request: IncomingMessage, response: ServerResponse) => void;
  // fastify is loaded for the first client that posts: it would double the start time of a session
  const post = lazily<Handle>(() =>
    import('./post.ts').then(({ createPost }) => createPost(server, dispatch, remotes)),
  );
  const open = new WeakMap<object, number>();
  server.on('request', (request, response) => {
    const { socket } = request;
    const now = (open.get(socket) ?? 0) + 1;
    open.set(socket, now);
    response.once('close', () => void open.set(socket, (open.get(socket) ?? 1) - 1));
    if (now > requestsInFlight) socket.destroy();
    if (socket.destroyed) return;
    post().then((handle) => handle(request, response), notLoaded(socket, log));
  });
  server.on('upgrade', (request, socket, head) => {
    const remote = remotes.get(socket);
    if (remote === undefined) socket.destroy();
    else {
      const joined = { socket: socket as Socket, head };
      serveStream(joined, () => wantedBy(request), remote, openStream);
    }
  });
  // it is handed connections and never listens itself; this starts the clock of its time limits
  server.emit('listening');
  return {
    serve(socket, remote) {
      setMaxListeners(0, socket); // one for each request that is open
      remotes.set(socket, remote);
      server.emit('connection', socket);
    },
  };
}
