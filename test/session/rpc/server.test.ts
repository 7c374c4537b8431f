import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { connect } from '../../../protocol/client.ts';
import type { Caller } from '../../../src/supervisor/session/verbs.ts';
import { withoutDescriptors } from '../../support/descriptors.ts';
import { exchange, noSuchProcess, startServer } from './session.ts';

const run = promisify(execFile);
const ping = '{"jsonrpc":"2.0","method":"ping","id":1}';
let session: Awaited<ReturnType<typeof startServer>> | undefined;
afterEach(() => session?.stop());

describe('the socket', () => {
  test('belongs to its user alone and goes with the session', async () => {
    const mask = process.umask();
    session = await startServer();
    expect(statSync(session.socketPath).mode & 0o777).toBe(0o600);
    expect(process.umask()).toBe(mask);
    await session.server.close();
    expect(() => statSync(session?.socketPath ?? '')).toThrow('ENOENT');
  });

  test('speaks HTTP', async () => {
    session = await startServer();
    const { socketPath } = session;
    const curl = async (...args: string[]) => {
      const { stdout } = await run('curl', [
        ...['-s', '-w', ' %{http_code}', '--unix-socket', socketPath, 'http://s/rpc', ...args],
      ]);
      return stdout;
    };
    const json = ['-H', 'content-type: application/json'];
    expect(await curl(...json, '-d', ping)).toMatch(/"role":"client".* 200$/);
    expect(await curl(...json, '-d', '{"jsonrpc":"2.0","method":"ping"}')).toBe(' 204');
    expect(await curl(...json, '-H', 'Origin: http://s', '-d', ping)).toMatch(/-32001.* 403$/);
    expect(await curl('-d', ping)).toMatch(/-32600.* 415$/);
    expect(await curl(...json)).toMatch(/-32600.* 404$/);
    expect(await curl(...json, '-d', '{')).toMatch(/-32700.* 200$/);
  });

  test('refuses an HTTP body over 1 MiB', async () => {
    session = await startServer();
    const body = 'x'.repeat(1024 * 1024 + 1);
    const head = `POST /rpc HTTP/1.1\r\nhost: s\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    const answer = (await exchange(session.socketPath, head, 50)).join('\n');
    expect(answer).toMatch(/^HTTP\/1.1 413[\s\S]*-32004/);
  });

  test('ends a line over 1 MiB with an error, and serves others meanwhile', async () => {
    session = await startServer();
    const endless = exchange(session.socketPath, `{${'x'.repeat(1024 * 1024 + 1)}`, 2);
    expect(JSON.parse((await exchange(session.socketPath, `${ping}\n`))[0] ?? '').id).toBe(1);
    expect(JSON.parse((await endless)[0] ?? '').error.code).toBe(-32004);
  });

  test('answers also where nothing can be loaded that would: no file can be opened', async () => {
    session = await startServer();
    const { socketPath, logged } = session;
    const open = async () => {
      const client = createConnection(socketPath).setEncoding('utf8');
      await once(client, 'connect');
      return client;
    };
    const [lines, http] = [await open(), await open()];
    await exchange(socketPath, 'x'); // the two before it were let in
    const asked = async (client: Socket, request: string) => {
      client.write(request);
      return String(await once(client, 'data'));
    };
    const post = `POST /rpc HTTP/1.1\r\nhost: s\r\ncontent-length: ${ping.length}\r\n\r\n${ping}`;
    const answers = await withoutDescriptors(async () => [
      await asked(lines, `${ping}\n`),
      await asked(http, post),
    ]);
    expect(JSON.parse(answers[0] ?? '')).toMatchObject({ id: 1, error: { code: -32004 } });
    expect(answers[1]).toMatch(/^HTTP\/1.1 429 LIMIT\r\n[\s\S]*ulimit -n/);
    expect(logged).toEqual([]);
    expect(JSON.parse(await asked(lines, `${ping}\n`))).toMatchObject({
      result: { role: 'client' },
    });
    for (const client of [lines, http]) client.destroy();
  });

  test('closes connections past the limit without harm to the others', async () => {
    session = await startServer();
    const client = await connect(session.socketPath);
    const sockets = Array.from({ length: 300 }, () => createConnection(session?.socketPath ?? ''));
    let closed = 0;
    for (const socket of sockets) {
      socket
        .on('error', () => undefined)
        .once('close', () => {
          closed += 1;
        });
      socket.resume();
    }
    await expect.poll(() => closed, { timeout: 25_000 }).toBe(300 - 127);
    await expect(client.call('ping')).resolves.toMatchObject({ role: 'client' });
    for (const socket of sockets) socket.destroy();
  });

  test('works on 16 requests of a connection at a time', async () => {
    let running = 0;
    let most = 0;
    session = await startServer({
      list: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
        return { processes: [] };
      },
    });
    const client = await connect(session.socketPath);
    await Promise.all(Array.from({ length: 50 }, () => client.call('list')));
    expect(most).toBe(16);
    client.close();
  });
});

describe('the client', () => {
  test('gets results, typed refusals and notifications', async () => {
    session = await startServer({
      wait: noSuchProcess,
      attach: ({ processId }, { notify }: Caller) => {
        notify?.('output', { processId, stream: 'stdout', offset: 0, data: 'grüße' });
        return { offset: 0 };
      },
    });
    const client = await connect(session.socketPath);
    const heard: string[] = [];
    const stop = client.on('output', ({ data }) => heard.push(data));
    await client.call('attach', { processId: 'p' });
    stop();
    await client.call('attach', { processId: 'p' });
    expect(heard).toEqual(['grüße']);
    await expect(client.call('wait', { processId: 'p' })).rejects.toMatchObject({
      name: 'RpcError',
      code: -32003,
      data: { code: 'NO_SUCH_PROCESS' },
    });
    client.close();
  });

  test('hears of the end, and its open calls fail', async () => {
    session = await startServer({ wait: () => new Promise(() => undefined) });
    const client = await connect(session.socketPath);
    const reasons: string[] = [];
    client.on('session.ending', ({ reason }) => reasons.push(reason));
    const open = client.call('wait', { processId: 'p' });
    await client.call('ping');
    session.server.broadcast('session.ending', { reason: 'test' });
    await session.server.close();
    await expect(open).rejects.toMatchObject({ code: -32005 });
    await client.closed;
    expect(reasons).toEqual(['test']);
  });

  test('is known to be gone', async () => {
    let gone: AbortSignal | undefined;
    session = await startServer({
      wait: (_params, caller) => {
        gone = caller.gone;
        return new Promise(() => undefined);
      },
    });
    const client = await connect(session.socketPath);
    client.call('wait', { processId: 'p' }).catch(() => undefined);
    await client.call('ping');
    expect(gone?.aborted).toBe(false);
    client.close();
    await once(gone as AbortSignal, 'abort');
    expect(gone?.aborted).toBe(true);
  });
});
