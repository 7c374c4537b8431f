import { createConnection, type Socket } from 'node:net';
import { errors } from './errors.ts';
import { RpcError } from './refusal.ts';
import type {
  MethodName,
  Notification,
  NotificationName,
  Params,
  Result,
} from './session/methods.ts';
import { openStream, type ProcessStream, type StreamOptions } from './stream.ts';
import { createLineReader, encodeLine } from './transport.ts';

export type { ProcessStream, StreamExit, StreamOptions } from './stream.ts';
export { RpcError };

type Arguments<M extends MethodName> =
  Record<never, never> extends Params<M> ? [params?: Params<M>] : [params: Params<M>];

/** A connection to a session. */
export interface SynscClient {
  /** Rejects with `RpcError`; the order of answers is the session's. */
  call<M extends MethodName>(method: M, ...params: Arguments<M>): Promise<Result<M>>;
  /** Hears a notification until the returned function is called. */
  on<N extends NotificationName>(name: N, hear: (params: Notification<N>) => void): () => void;
  /** Joins a process on a connection of its own, with its input and its output as raw bytes. */
  stream(processId: string, options: StreamOptions): Promise<ProcessStream>;
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  /** Reads nothing more until `resume`; the session then holds its commands back. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** Connects to the session whose socket is at `path` (`SYNSC_SOCKET`); rejects with the system's error. */
export async function connect(path: string): Promise<SynscClient> {
  const socket = createConnection(path);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject);
  });
  return clientOver(socket, path);
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
}
interface Message {
  id?: number | null;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { code: number; message: string; data?: RpcError['data'] };
}

function clientOver(socket: Socket, path: string): SynscClient {
  const pending = new Map<number, Pending>();
  const listeners = new Map<string, Set<(params: unknown) => void>>();
  const reader = createLineReader();
  let lastId = 0;
  let failure: RpcError | undefined;

  function receive(message: Message): void {
    if (message.method !== undefined) {
      for (const hear of listeners.get(message.method) ?? []) hear(message.params);
    } else if (typeof message.id === 'number') {
      const waiting = pending.get(message.id);
      pending.delete(message.id);
      if (message.error === undefined) waiting?.resolve(message.result);
      else waiting?.reject(new RpcError(message.error));
    } else if (message.error !== undefined) {
      failure = new RpcError(message.error); // not about one request: the session closes next
    }
  }
  function fail(): void {
    failure ??= ended();
    for (const { reject } of pending.values()) reject(failure);
    pending.clear();
  }

  socket.on('data', (chunk) => {
    for (const line of reader.push(chunk)) receive(JSON.parse(line.toString()) as Message);
  });
  socket.on('error', fail);
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      fail();
      resolve();
    });
  });
  return {
    call<M extends MethodName>(method: M, ...[params]: Arguments<M>): Promise<Result<M>> {
      return new Promise<unknown>((resolve, reject) => {
        if (socket.destroyed || failure !== undefined) return reject(failure ?? ended());
        lastId += 1;
        pending.set(lastId, { resolve, reject });
        socket.write(encodeLine({ jsonrpc: '2.0', id: lastId, method, params: params ?? {} }));
      }) as Promise<Result<M>>;
    },
    on(name, hear) {
      const heard = listeners.get(name) ?? new Set();
      const entry = (params: unknown) => hear(params as Parameters<typeof hear>[0]);
      listeners.set(name, heard.add(entry));
      return () => {
        heard.delete(entry);
      };
    },
    stream: (processId, options) => openStream(path, processId, options),
    closed,
    pause() {
      socket.pause();
    },
    resume() {
      socket.resume();
    },
    close() {
      socket.destroy();
    },
  };
}

function ended(): RpcError {
  const { rpc, hint } = errors.SESSION_ENDING;
  return new RpcError({
    code: rpc,
    message: 'the connection to the session is closed',
    data: { code: 'SESSION_ENDING', hint },
  });
}
