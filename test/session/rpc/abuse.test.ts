import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, type SynscClient } from '../../../protocol/client.ts';
import { frameHeader, frameTypes, jsonFrame } from '../../../protocol/session/frames.ts';
import type { FinishedSpawn, StartedSpawn } from '../../../protocol/session/schemas.ts';
import { TestSession } from '../../support/session.ts';
import { exchange } from './session.ts';

const ping = '{"jsonrpc":"2.0","method":"ping","id":1}';
const json = 'content-type: application/json\r\n';
const megabyte = 1024 * 1024;

/** A session in a process of its own. The test is outside of it, until the user pairs it. */
let session: TestSession;
let socketPath: string;
let supervisor: number;
beforeAll(async () => {
  session = new TestSession();
  await session.call('ping');
  const [ready] = session.events();
  socketPath = String(ready?.socket);
  supervisor = Number(ready?.pid);
});
afterAll(() => session.close());

const pair = async (client: SynscClient) => {
  const { code } = await session.call<{ code: string }>('pair.code');
  return client.call('pair', { code });
};

/** Resident bytes of the session's process. */
const resident = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${supervisor}/status`, 'utf8'))?.[1]) * 1024;

/** Runs an attack; its memory is bounded and a normal client is answered during and after it. */
async function endure(attack: () => Promise<unknown>, allowed = 128 * megabyte): Promise<void> {
  const before = resident();
  let most = before;
  let answered = 0;
  let attacking = true;
  const watch = async () => {
    while (attacking) {
      await session.call('ping');
      answered += 1;
      most = Math.max(most, resident());
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const watching = watch();
  await attack().finally(() => {
    attacking = false;
  });
  await watching;
  expect(answered).toBeGreaterThan(0);
  expect((most - before) / megabyte).toBeLessThan(allowed / megabyte);
}

/** Sends bytes over and over until the session hangs up, or there were `most` of them. */
async function pour(socket: Socket, piece: Buffer, most: number): Promise<number> {
  let sent = 0;
  let gone = false;
  socket
    .on('error', () => undefined)
    .once('close', () => {
      gone = true;
    });
  socket.resume();
  while (sent < most && !gone) {
    sent += piece.length;
    if (!socket.write(piece)) {
      await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined);
    }
  }
  socket.destroy();
  return sent;
}

const open = () => createConnection(socketPath);

/** Also after an error. */
const closed = (socket: Socket) =>
  new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });

describe('a session endures', () => {
  test('10,000 requests on one connection before any answer: it ends, and the user hears nothing of it', async () => {
    await endure(async () => {
      const socket = open();
      const request = `POST /rpc HTTP/1.1\r\nhost: s\r\n${json}content-length: ${ping.length}\r\n\r\n${ping}`;
      const end = closed(socket.on('error', () => undefined).resume());
      socket.write(request.repeat(10_000));
      await end;
    });
    expect(session.stderr).toBe('');
  });

  test('an endless line', () =>
    endure(async () => {
      const sent = await pour(open(), Buffer.alloc(65_536, '{'), 200 * megabyte);
      expect(sent).toBeLessThan(50 * megabyte);
    }));

  test.each([
    { says: 'announced', head: `${json}content-length: ${200 * megabyte}\r\n`, piece: 'x' },
    { says: 'in chunks', head: `${json}transfer-encoding: chunked\r\n`, piece: '10000\r\n' },
  ])('a body of 200 MB, $says', ({ head, piece }) =>
    endure(async () => {
      const socket = open();
      socket.write(`POST /rpc HTTP/1.1\r\nhost: s\r\n${head}\r\n`);
      const part = piece === 'x' ? Buffer.alloc(65_536, 'x') : chunked(65_536);
      expect(await pour(socket, part, 200 * megabyte)).toBeLessThan(50 * megabyte);
    }),
  );

  test.each([
    { says: 'arrays', text: '['.repeat(megabyte - 2), code: -32700 },
    { says: 'objects', text: '{"a":'.repeat(200_000), code: -32700 },
    { says: 'closed arrays', text: `${'['.repeat(500_000)}${']'.repeat(500_000)}`, code: -32600 },
    {
      says: 'params',
      text: `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${'['.repeat(400_000)}${']'.repeat(400_000)}}}`,
      code: -32600,
    },
  ])('deep JSON of $says', ({ text, code }) =>
    endure(async () => {
      const [line = ''] = await exchange(socketPath, `${text}\n`);
      expect((JSON.parse(line) as { error?: { code: number } }).error?.code).toBe(code);
    }),
  );

  test.each([
    { says: 'half a million wrong words', params: `{"argv":[${'1,'.repeat(450_000)}1]}` },
    {
      says: 'ninety thousand wrong names',
      params: `{"argv":["x"],"env":{${Array.from({ length: 90_000 }, (_, at) => `"-${at}":1`).join(',')}}}`,
    },
  ])('$says: the user hears nothing of them', async ({ params }) => {
    await endure(async () => {
      const request = `{"jsonrpc":"2.0","id":1,"method":"explain","params":${params}}\n`;
      const [line = ''] = await exchange(socketPath, request);
      expect(JSON.parse(line)).toMatchObject({ id: null, error: { code: -32004 } });
    });
    expect(session.stderr).toBe('');
  });

  test('a body in chunks of one byte', () =>
    endure(async () => {
      const socket = open();
      socket.write(`POST /rpc HTTP/1.1\r\nhost: s\r\n${json}transfer-encoding: chunked\r\n\r\n`);
      let answer = '';
      socket.setEncoding('latin1').on('data', (text: string) => {
        answer += text;
      });
      expect(
        await pour(socket, Buffer.from('1\r\nx\r\n'.repeat(10_000)), 20 * megabyte),
      ).toBeLessThan(5 * megabyte);
      expect(answer === '' || /^HTTP\/1.1 413 /.test(answer)).toBe(true);
    }));

  test('a batch of half a million numbers', () =>
    endure(async () => {
      const [line = ''] = await exchange(socketPath, `[${'1,'.repeat(500_000)}1]\n`);
      expect(line.length).toBeLessThan(1_000);
      expect(JSON.parse(line)).toMatchObject({ id: null, error: { code: -32004 } });
    }));

  test('2,000 connections that say nothing, and 2,000 that never end a line', () =>
    endure(async () => {
      const sockets = Array.from({ length: 4_000 }, (_, at) => {
        const socket = open().on('error', () => undefined);
        if (at % 2 === 0) socket.write('{"jsonrpc"');
        return socket.resume();
      });
      const refused = () => sockets.filter((socket) => socket.destroyed).length;
      await expect.poll(refused, { timeout: 20_000 }).toBeGreaterThan(4_000 - 33);
      for (const socket of sockets) socket.destroy();
    }));

  test('requests that arrive byte by byte: they end after a while', () =>
    endure(async () => {
      const socket = open()
        .on('error', () => undefined)
        .resume();
      const timer = setInterval(() => socket.write('x'), 100);
      socket.write('POST /rpc HTTP/1.1\r\nx-header: ');
      await closed(socket);
      clearInterval(timer);
    }));
});

describe('a client of the session that misbehaves', () => {
  let client: SynscClient;
  beforeAll(async () => {
    client = await connect(socketPath);
    await expect(client.call('list')).rejects.toMatchObject({ code: -32001 });
    expect(await pair(client)).toEqual({ role: 'client' });
    expect(await client.call('ping')).toMatchObject({ role: 'client' });
  });
  afterAll(() => client.close());

  test('and reads no answer costs bounded memory', () =>
    endure(async () => {
      const socket = open();
      const asks = '{"jsonrpc":"2.0","method":"rpc.discover","id":1}\n'.repeat(20_000);
      socket.on('error', () => undefined).pause();
      socket.write(asks);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      socket.destroy();
    }));

  test('and takes none of its output costs bounded memory, on any number of connections', async () => {
    const command = 'head -c 2000000 /dev/zero | tr "\\0" x';
    const { processId } = (await client.call('spawn', { command })) as FinishedSpawn;
    const params = { processId, fromOffset: 0, maxBytes: 1_000_000 };
    const asks = `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'output', params })}\n`.repeat(
      16,
    );
    await endure(async () => {
      const sockets = Array.from({ length: 40 }, () => open().on('error', () => undefined));
      for (const socket of sockets) socket.pause().write(asks);
      await client.call('ping'); // it takes its turn with them
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      for (const socket of sockets) socket.destroy();
    });
    await client.call('release', { processId });
  });

  test('and asks for much in one batch is told so', () =>
    endure(async () => {
      const ask = '{"jsonrpc":"2.0","method":"rpc.discover","id":1}';
      const [line = ''] = await exchange(socketPath, `[${Array(1_000).fill(ask).join(',')}]\n`);
      const answers = JSON.parse(line) as { error?: { code: number } }[];
      expect(answers).toHaveLength(1_000);
      expect(answers.some(({ error }) => error?.code === -32004)).toBe(true);
      expect(line.length).toBeLessThan(8 * megabyte);
    }));

  test('takes no place from another process, however many connections it opens', () =>
    endure(async () => {
      const sockets = Array.from({ length: 500 }, () =>
        open()
          .on('error', () => undefined)
          .resume(),
      );
      try {
        const refused = () => sockets.filter((one) => one.destroyed).length;
        await expect.poll(refused, { timeout: 30_000 }).toBeGreaterThan(300);
        const { stdout } = await session.run({ argv: ['echo', 'served'] });
        expect(stdout).toBe('served\n');
      } finally {
        for (const socket of sockets) socket.destroy();
      }
    }));

  describe('by frames', () => {
    /** Joins a process by hand; resolves with the socket after the answer's head. */
    async function join(
      processId: string,
      headers = '',
    ): Promise<{ socket: Socket; head: string }> {
      const socket = open().on('error', () => undefined);
      const upgrade = 'Connection: Upgrade\r\nUpgrade: synsc-frames/1\r\n';
      socket.write(
        `GET /processes/${processId}/stream HTTP/1.1\r\nHost: s\r\n${upgrade}${headers}\r\n`,
      );
      const [head] = (await once(socket, 'data')) as [Buffer];
      return { socket, head: head.toString('latin1') };
    }
    let processId: string;
    beforeAll(async () => {
      const started = await client.call('spawn', { argv: ['sleep', '1000'], background: true });
      ({ processId } = started as StartedSpawn);
    });
    afterAll(() => client.call('release', { processId }));

    test.each([
      { says: 'an unknown type', bytes: frameHeader(9, 0) },
      { says: 'bytes where zeros belong', bytes: Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]) },
      {
        says: 'output of the session',
        bytes: Buffer.concat([frameHeader(frameTypes.stdout, 1), Buffer.from('x')]),
      },
      { says: 'an exit of its own', bytes: jsonFrame(frameTypes.exit, { exitCode: 0 }) },
      { says: 'endless JSON', bytes: frameHeader(frameTypes.resize, 0xffff_ffff) },
      { says: 'an end of input with a payload', bytes: frameHeader(frameTypes.endOfStdin, 5) },
      { says: 'no JSON', bytes: Buffer.concat([frameHeader(frameTypes.ack, 1), Buffer.from('{')]) },
      {
        says: 'a size of no terminal',
        bytes: jsonFrame(frameTypes.resize, { columns: -1, rows: 'x' }),
      },
      {
        says: 'a signal that is none',
        bytes: jsonFrame(frameTypes.signal, { signal: 'SIGNOTHING' }),
      },
      { says: 'noise', bytes: Buffer.alloc(100_000, 0xee) },
    ])('is cut off for $says, and the process goes on', async ({ bytes }) => {
      const { socket, head } = await join(processId);
      expect(head).toMatch(/^HTTP\/1.1 101 [\s\S]*synsc-offset: 0/i);
      socket.write(bytes);
      await closed(socket);
      const { processes } = await client.call('list');
      expect(processes.find((one) => one.processId === processId)?.exitCode).toBeNull();
    });

    test('that pours input into a command that does not read costs bounded memory', () =>
      endure(async () => {
        const { socket } = await join(processId);
        socket.write(frameHeader(frameTypes.stdin, 0xffff_ffff));
        const piece = Buffer.alloc(65_536, 'x');
        const pouring = pour(socket, piece, 200 * megabyte);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        socket.destroy();
        expect(await pouring).toBeLessThan(50 * megabyte);
      }));

    test.each([
      { says: 'a web page', headers: 'Origin: http://localhost\r\n', status: 403 },
      { says: 'an offset that is none', path: '?fromOffset=-1', status: 400 },
      { says: 'an unknown process', id: 'nothing', status: 404 },
      { says: 'another protocol', headers: 'Upgrade: websocket\r\n', status: 400 },
    ])('is refused for $says', async ({ headers = '', path = '', id, status }) => {
      const socket = open().on('error', () => undefined);
      const upgrade = headers.includes('Upgrade') ? '' : 'Upgrade: synsc-frames/1\r\n';
      const target = `/processes/${id ?? processId}/stream${path}`;
      socket.end(
        `GET ${target} HTTP/1.1\r\nHost: s\r\nConnection: Upgrade\r\n${upgrade}${headers}\r\n`,
      );
      let answer = '';
      socket.setEncoding('latin1').on('data', (text: string) => {
        answer += text;
      });
      await closed(socket);
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*"error":\\{"code":-32`));
    });
  });
});

describe('HTTP that means two things', () => {
  const hidden = `POST /rpc HTTP/1.1\r\nhost: s\r\n${json}content-length: ${ping.length}\r\n\r\n${ping}`;
  test.each([
    { says: 'two lengths', head: 'content-length: 4\r\ncontent-length: 40\r\n' },
    { says: 'a length and chunks', head: 'content-length: 4\r\ntransfer-encoding: chunked\r\n' },
    { says: 'a length that is no number', head: 'content-length: +4\r\n' },
    { says: 'an unknown coding', head: 'transfer-encoding: xchunked\r\n' },
    {
      says: 'a folded header',
      head: 'content-length: 4\r\nx: y\r\n transfer-encoding: chunked\r\n',
    },
    { says: 'a blank before the colon', head: 'content-length : 4\r\n' },
    { says: 'a line feed alone', head: 'x: y\ncontent-length: 4\r\n' },
  ])('is refused: $says', async ({ head }) => {
    const request = `POST /rpc HTTP/1.1\r\nhost: s\r\n${json}${head}\r\n0\r\n\r\n${hidden}`;
    const answer = (await exchange(socketPath, request, 1_000)).join('\n');
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).not.toContain('sessionId');
  });
});

function chunked(size: number): Buffer {
  return Buffer.concat([
    Buffer.from(`${size.toString(16)}\r\n`),
    Buffer.alloc(size, 'x'),
    Buffer.from('\r\n'),
  ]);
}
