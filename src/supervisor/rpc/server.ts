import { createServer, type Server, type Socket } from 'node:net';
import type { Notification, NotificationName } from '../../../protocol/session/methods.ts';
import type { Role } from '../../../protocol/session/schemas.ts';
import { knownError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { lazily } from '../../platform/lazily.ts';
import { listenPrivately } from '../../platform/listen.ts';
import type { OpenStream } from '../session/streams.ts';
import type { Verbs } from '../session/verbs.ts';
import { Admission } from './admission.ts';
import type { Dispatch } from './dispatch.ts';
import { failureResponse, idOf, notLoaded } from './failure.ts';
import { type LineConnection, serveLines } from './lines.ts';
import { parseMessage } from './message.ts';
import { Remote, type RoleFor } from './remote.ts';
import { type PlainUpgrade, plainUpgrade } from './upgrade.ts';

export interface SessionServer {
  /** Sends what is written, then closes every connection and removes the socket. */
  close(): Promise<void>;
  /** Notifies every line connection of the session's own processes. */
  broadcast<N extends NotificationName>(name: N, params: Notification<N>): void;
}

export interface ServerOptions {
  readonly socketPath: string;
  readonly verbs: Verbs;
  readonly openStream: OpenStream;
  readonly roleFor: RoleFor;
  readonly log: Log;
  /** Replaces every value of the session in a text for callers or the log. */
  readonly redact: (text: string) => string;
}

/** Connections at a time; each role has its own share, so that none can lock another out. */
const connectionLimit: Readonly<Record<Role, number>> = {
  owner: 64,
  client: 128,
  subprocess: 128,
  outside: 16,
};
/** Milliseconds that a connection of somebody who may do little may be silent at first. */
const firstByteTimeout = 5_000;
/** Milliseconds that a connection has to take what was sent when the session ends. */
const closeGrace = 500;
const lineStarts = new Set([0x7b, 0x5b, 0x20, 0x09]); // '{' and '[', and blanks before them

/** Serves a session on its Unix socket (0600), in both dialects. Rejects when it can't listen. */
export async function serveSession(options: ServerOptions): Promise<SessionServer> {
  const { verbs, openStream, roleFor, log, redact } = options;
  const dispatch = dispatchOf(verbs, log, redact);
  const admission = new Admission(connectionLimit);
  const lines = new Set<LineConnection>();
  const streams = lazily(() => import('./stream.ts'));
  // loaded for the first client that speaks HTTP
  const http = lazily(() =>
    import('./http.ts').then(({ createHttpDialect }) =>
      createHttpDialect(dispatch, openStream, log),
    ),
  );

  function admit(socket: Socket): void {
    socket.on('error', (error) => log.warn({ err: error }, 'a connection failed'));
    const role = roleFor(socket);
    const remote = role === 'refuse' ? undefined : new Remote(socket, role, roleFor);
    if (remote === undefined || !admission.admit(socket, remote)) {
      socket.destroy();
      return;
    }
    const patience = role === 'outside' || role === 'subprocess' ? firstByteTimeout : undefined;
    whenSpoken(socket, patience, (head) => {
      if (lineStarts.has(head[0] ?? 0)) return serveLine(socket, remote);
      const wanted = plainUpgrade(head);
      if (wanted) serveJoin(socket, remote, wanted);
      else serveHttp(socket, remote);
    });
  }
  function serveLine(socket: Socket, remote: Remote): void {
    const connection = serveLines(socket, remote, dispatch, log);
    lines.add(connection);
    socket.once('close', () => void lines.delete(connection));
  }
  function serveJoin(socket: Socket, remote: Remote, wanted: PlainUpgrade): void {
    streams().then(
      ({ serveStream }) => {
        const bytes: unknown = socket.read();
        if (!Buffer.isBuffer(bytes)) return void socket.destroy(); // it is gone
        const head = bytes.subarray(wanted.length);
        return serveStream({ socket, head }, () => wanted, remote, openStream);
      },
      notLoaded(socket, log),
    );
  }
  function serveHttp(socket: Socket, remote: Remote): void {
    http().then((dialect) => dialect.serve(socket, remote), notLoaded(socket, log));
  }

  const server = createServer({ allowHalfOpen: true }, admit);
  await listenPrivately(server, options.socketPath);
  return {
    broadcast(name, params) {
      for (const connection of lines) {
        if (connection.role === 'client' || connection.role === 'owner') {
          connection.notify(name, params);
        }
      }
    },
    close: () => close(server, admission.sockets()),
  };
}

/** The methods with their schemas are loaded with the first message: many a command never asks. */
function dispatchOf(verbs: Verbs, log: Log, redact: (text: string) => string): Dispatch {
  const loaded = lazily(() =>
    import('./dispatch.ts').then(({ createDispatch }) => createDispatch(verbs, log, redact)),
  );
  return async (message, caller) => {
    const dispatch = await loaded().catch(refusing);
    return dispatch(message, caller);
  };
}

/** Nothing could be loaded that would read a message; who sent it waits for an answer all the same. */
function refusing(error: unknown): Dispatch {
  const known = knownError(error);
  if (known === undefined) throw error;
  // JSON-RPC 2.0 §5: null for what is no request
  return async (message) => JSON.stringify(failureResponse(idOf(parseMessage(message)), known));
}

/** Calls back with the first bytes, which stay in the stream. */
function whenSpoken(
  socket: Socket,
  patience: number | undefined,
  spoken: (head: Buffer) => void,
): void {
  const timer = patience === undefined ? undefined : setTimeout(silent, patience);
  function readable(): void {
    const head: unknown = socket.read();
    if (!Buffer.isBuffer(head) || head.length === 0) return;
    stop();
    socket.unshift(head);
    spoken(head);
  }
  function silent(): void {
    socket.destroy();
  }
  function stop(): void {
    clearTimeout(timer);
    socket.off('readable', readable).off('end', silent).off('close', stop);
  }
  socket.on('readable', readable).on('end', silent).on('close', stop);
}

function close(server: Server, sockets: Iterable<Socket>): Promise<void> {
  const open = [...sockets];
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      for (const socket of open) socket.destroy();
    }, closeGrace);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    for (const socket of open) socket.destroySoon();
  });
}
