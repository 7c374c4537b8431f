import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '../../../protocol/session/schemas.ts';
import { SynscError } from '../../../src/errors.ts';
import { serveSession } from '../../../src/supervisor/rpc/server.ts';
import type { Caller, Verbs } from '../../../src/supervisor/session/verbs.ts';

/** A server over verbs that only record; what is not given here fails. */
export async function startServer(
  verbs: Partial<Verbs> = {},
  roleFor: (socket: Socket) => Role | 'refuse' = () => 'client',
) {
  const directory = mkdtempSync(join(tmpdir(), 'rpc-'));
  const socketPath = join(directory, 's');
  const logged: object[] = [];
  const log = { error: (details: object) => logged.push(details), warn: () => undefined };
  const all = { ping: (_: object, caller: Caller) => pong(caller), ...verbs } as Verbs;
  const server = await serveSession({
    socketPath,
    verbs: all,
    openStream: noSuchProcess,
    roleFor,
    redact: (text) => text,
    log: log as never,
  });
  return {
    socketPath,
    directory,
    logged,
    server,
    async stop() {
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function pong({ role }: Caller) {
  return { sessionId: 'test', protocolVersion: 1, role };
}

export function noSuchProcess(): never {
  throw new SynscError('NO_SUCH_PROCESS', 'there is no such process');
}

/** Sends bytes and gives the first `count` lines of the answer, or what came before the end. */
export async function exchange(path: string, bytes: string | Buffer, count = 1): Promise<string[]> {
  const socket = createConnection(path);
  let received = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    received += text;
    if (received.split('\n').length > count) socket.destroy();
  });
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return received.split('\n').filter((line) => line !== '');
}
