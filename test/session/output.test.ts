import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StreamExit, SynscClient } from '../../protocol/client.ts';
import type { Notification } from '../../protocol/session/methods.ts';
import type { FinishedSpawn, SpawnParams, StartedSpawn } from '../../protocol/session/schemas.ts';
import { startOwnSession } from '../support/supervisor.ts';

const value = 'hf_EXAMPLEonlyNotARealTokenAbCdEf012345';
/** Numbered lines, so that a place in the output tells its offset: 16 bytes each. */
const lines = (count: number) => `seq -f '%015.0f' 1 ${count}`;
const lineAt = (offset: number) => String(offset / 16 + 1).padStart(15, '0');

let session: Awaited<ReturnType<typeof startOwnSession>>;
beforeAll(async () => {
  session = await startOwnSession({ env: { HF_TOKEN: value } });
});
afterAll(() => session.close());

async function start(client: SynscClient, params: SpawnParams): Promise<string> {
  const started = await client.call('spawn', { ...params, background: true });
  return (started as StartedSpawn).processId;
}

/** A command that begins when `go` is called. */
const waiting = (command: string) => `read -r; ${command}`;
const go = (client: SynscClient, processId: string) =>
  client.call('write', { processId, data: '\n' });

/** How far a process has written, as a third party sees it. */
async function written(client: SynscClient, processId: string): Promise<number> {
  return (await client.call('output', { processId, fromOffset: Number.MAX_SAFE_INTEGER })).offset;
}

/** The offset that a process stops at, once it has begun: the same in looks half a second apart. */
async function settled(client: SynscClient, processId: string): Promise<number> {
  for (let last = -1; ; await delay(500)) {
    const now = await written(client, processId);
    if (now > 0 && now === last) return now;
    last = now;
  }
}

/** Collects notifications of one connection. */
function listen(client: SynscClient) {
  const pieces: Notification<'output'>[] = [];
  const exits: string[] = [];
  client.on('output', (piece) => void pieces.push(piece));
  client.on('exit', ({ processId }) => void exits.push(processId));
  return { pieces, exits };
}

/** Where each piece that does not follow its predecessor begins. */
const gaps = (pieces: readonly Notification<'output'>[]) =>
  pieces.filter(
    ({ offset }, at) => at > 0 && offset !== endOf(pieces[at - 1] as Notification<'output'>),
  );
const endOf = ({ offset, data }: Notification<'output'>) => offset + Buffer.byteLength(data);

describe('the one who started a command', () => {
  test('stops it by not reading, and gets everything in the end', async () => {
    const owner = await session.client();
    const other = await session.client();
    const { pieces, exits } = listen(owner);
    owner.pause();
    const starting = start(owner, { command: lines(500_000) }); // 8 MB
    const processId = await expect
      .poll(async () => (await other.call('list')).processes.at(-1)?.processId, {
        timeout: 20_000,
      })
      .toBeDefined()
      .then(async () => (await other.call('list')).processes.at(-1)?.processId ?? '');
    expect(await settled(other, processId)).toBeLessThan(2_000_000);
    owner.resume();
    expect(await starting).toBe(processId);
    await expect.poll(() => exits, { timeout: 20_000 }).toEqual([processId]);
    expect(gaps(pieces)).toEqual([]);
    expect(endOf(pieces.at(-1) as Notification<'output'>)).toBe(8_000_000);
  });

  test('stops it by no longer acknowledging, from the first time on that it did', async () => {
    const owner = await session.client();
    const { pieces, exits } = listen(owner);
    const processId = await start(owner, { command: waiting(lines(200_000)) }); // 3.2 MB
    await owner.call('ack', { processId, offset: 0 });
    await go(owner, processId);
    const stopped = await settled(owner, processId);
    expect(stopped).toBeGreaterThan(0);
    expect(stopped).toBeLessThan(700_000);
    const stop = owner.on('output', (piece) => {
      void owner.call('ack', { processId, offset: endOf(piece) });
    });
    await owner.call('ack', { processId, offset: endOf(pieces.at(-1) as Notification<'output'>) });
    await expect.poll(() => exits, { timeout: 20_000 }).toEqual([processId]);
    stop();
    expect(gaps(pieces)).toEqual([]);
    expect(pieces.map(({ data }) => data).join('').length).toBe(3_200_000);
  });

  test('is sent everything when it never acknowledges anything', async () => {
    const owner = await session.client();
    const { pieces, exits } = listen(owner);
    const processId = await start(owner, { command: lines(200_000) });
    await expect.poll(() => exits, { timeout: 20_000 }).toEqual([processId]);
    expect(gaps(pieces)).toEqual([]);
    expect(endOf(pieces.at(-1) as Notification<'output'>)).toBe(3_200_000);
  });

  test('may detach: the command then goes on by itself', async () => {
    const owner = await session.client();
    const processId = await start(owner, { command: waiting(lines(200_000)) });
    await owner.call('ack', { processId, offset: 0 });
    await owner.call('detach', { processId });
    await go(owner, processId);
    await owner.call('wait', { processId });
    expect(await written(owner, processId)).toBe(3_200_000);
  });
});

describe('a viewer', () => {
  test('that stops acknowledging does not stop the command, finds a gap and can replay what is kept', async () => {
    const owner = await session.client();
    const viewer = await session.client();
    const { pieces, exits } = listen(viewer);
    const processId = await start(owner, { command: waiting(lines(500_000)) });
    await viewer.call('attach', { processId });
    await viewer.call('ack', { processId, offset: 0 });
    await go(owner, processId);
    await owner.call('wait', { processId });
    await expect.poll(() => pieces.length).toBeGreaterThan(0);
    const seen = endOf(pieces.at(-1) as Notification<'output'>);
    expect(seen).toBeLessThan(700_000);
    expect(exits).toEqual([]);

    viewer.on('output', (piece) => {
      void viewer.call('ack', { processId, offset: endOf(piece) });
    });
    await viewer.call('ack', { processId, offset: seen });
    await expect.poll(() => exits, { timeout: 20_000 }).toEqual([processId]);
    expect(gaps(pieces)).toHaveLength(1);
    const [after] = gaps(pieces);
    expect(after?.offset).toBeGreaterThan(8_000_000 - 2.5 * 1024 * 1024);
    const skipped = (16 - ((after?.offset ?? 0) % 16)) % 16; // to the next line
    expect(after?.data.slice(skipped, skipped + 15)).toBe(lineAt((after?.offset ?? 0) + skipped));
    expect(endOf(pieces.at(-1) as Notification<'output'>)).toBe(8_000_000);

    const from = 8_000_000 - 160_000;
    pieces.length = 0;
    expect(await viewer.call('attach', { processId, fromOffset: from })).toEqual({ offset: from });
    await expect.poll(() => exits).toHaveLength(2);
    const replayed = pieces.map(({ data }) => data).join('');
    expect(replayed).toHaveLength(160_000);
    expect(replayed.slice(0, 15)).toBe(lineAt(from));
  });

  test('is told where the output begins that is still there', async () => {
    const client = await session.client();
    const processId = await start(client, { command: lines(500_000) });
    await client.call('wait', { processId });
    const { offset } = await client.call('attach', { processId, fromOffset: 16 });
    expect(offset).toBeGreaterThan(8_000_000 - 2.5 * 1024 * 1024);
    const polled = await client.call('output', { processId, fromOffset: 16, maxBytes: 100 });
    expect(polled.offset).toBe(offset + 100);
  });

  test('gets characters whole, at the offsets of their first bytes', async () => {
    const owner = await session.client();
    const { pieces, exits } = listen(owner);
    const bytes =
      "printf 'a\\303'; sleep 0.3; printf '\\274b\\342'; sleep 0.3; printf '\\202\\254c'";
    const processId = await start(owner, { command: bytes });
    await expect.poll(() => exits).toEqual([processId]);
    expect(pieces.map(({ data }) => data).join('')).toBe('aüb€c');
    expect(gaps(pieces)).toEqual([]);
  });

  test('gets a character where its first byte stands, also with other output between its bytes', async () => {
    const owner = await session.client();
    const { pieces, exits } = listen(owner);
    const bytes = "printf 'a\\303'; read -r; printf x >&2; read -r; printf '\\274'";
    const processId = await start(owner, { command: bytes });
    await expect.poll(() => written(owner, processId)).toBe(2);
    await go(owner, processId);
    await expect.poll(() => written(owner, processId)).toBe(3);
    await go(owner, processId);
    await expect.poll(() => exits).toEqual([processId]);
    const seen = pieces.map(({ stream, offset, data }) => [stream, offset, data]);
    expect(seen).toEqual([
      ['stdout', 0, 'a'],
      ['stderr', 2, 'x'],
      ['stdout', 1, 'ü'],
    ]);
  });
});

test('a hundred commands that write at a time lose nothing, and a terminal beside them is answered', async () => {
  const client = await session.client();
  const terminal = await start(client, { argv: ['cat'], tty: { columns: 80, rows: 24 } });
  const typed: string[] = [];
  const stop = client.on('output', ({ processId, data }) => {
    if (processId === terminal) typed.push(data);
  });
  const command = 'for i in 1 2 3 4; do head -c 50000 /dev/zero | tr "\\0" x; sleep 0.2; done';
  const sizes = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const processId = await start(client, { command, stream: true });
      let size = 0;
      const stream = await client.stream(processId, {
        onOutput: (_name, data) => {
          size += data.length;
        },
      });
      await client.call('write', { processId: terminal, data: '.' });
      await stream.exited;
      return size;
    }),
  );
  expect(new Set(sizes)).toEqual(new Set([200_000]));
  await expect.poll(() => typed.join('')).toBe('.'.repeat(100));
  stop();
  await client.call('release', { processId: terminal });
}, 120_000);

describe('the binary stream', () => {
  async function run(params: SpawnParams, input?: Buffer) {
    const client = await session.client();
    const processId = await start(client, { ...params, stream: true });
    const seen = { stdout: [] as Buffer[], stderr: [] as Buffer[], tty: [] as Buffer[] };
    const stream = await client.stream(processId, {
      onOutput: (name, data) => void seen[name].push(Buffer.from(data)),
    });
    if (input !== undefined) await stream.write(input);
    const exit = (): Promise<StreamExit> => stream.exited;
    const text = (name: keyof typeof seen) => Buffer.concat(seen[name]);
    return { client, processId, stream, text, exit };
  }

  test('carries both outputs, input and its end, and tells the exit last', async () => {
    const { stream, text, exit } = await run({ command: 'cat; echo no >&2; exit 3' });
    const big = Buffer.alloc(3_000_000, 'abcdefgh');
    await stream.write(big);
    stream.endInput();
    expect(await exit()).toMatchObject({ exitCode: 3, signal: null, redactions: 0 });
    expect(text('stdout').equals(big)).toBe(true);
    expect(text('stderr').toString()).toBe('no\n');
  });

  test('is redacted, and tells what was decided', async () => {
    const script = path.join(session.cwd, 'shows.py');
    writeFileSync(script, 'import os; print(os.environ["HF_TOKEN"])');
    const { text, exit } = await run({ argv: ['python3', script] });
    const ended = await exit();
    expect(text('stdout').toString()).toBe('[REDACTED]\n');
    expect(ended).toMatchObject({ redactions: 1, decisions: [{ given: ['HF_TOKEN'] }] });
  });

  test('resizes and signals', async () => {
    const { stream, text, exit } = await run({
      command: 'stty size; read x; stty size; sleep 100',
      tty: { columns: 80, rows: 24 },
    });
    await expect.poll(() => text('tty').toString()).toContain('24 80');
    stream.resize(100, 30);
    await stream.write(Buffer.from('\r'));
    await expect.poll(() => text('tty').toString()).toContain('30 100');
    stream.kill('SIGKILL');
    expect(await exit()).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  test('holds the command until it is read, and loses nothing', async () => {
    const { client, processId, stream, text, exit } = await run({ command: lines(500_000) });
    stream.pause();
    expect(await settled(client, processId)).toBeLessThan(4_000_000);
    stream.resume();
    await exit();
    const all = text('stdout');
    expect(all.length).toBe(8_000_000);
    for (let at = 0; at < all.length; at += 16) {
      if (all.toString('latin1', at, at + 15) !== lineAt(at)) throw new Error(`wrong at ${at}`);
    }
  });

  test('goes on from an offset, and takes acknowledgements', async () => {
    const client = await session.client();
    const first = (await client.call('spawn', { command: lines(100) })) as FinishedSpawn;
    const offsets: number[] = [];
    const stream = await client.stream(first.processId, {
      fromOffset: 1_584,
      onOutput: (_name, data, offset) => {
        offsets.push(offset, data.length);
        stream.ack(offset + data.length);
      },
    });
    await stream.exited;
    expect(offsets).toEqual([1_584, 16]);
  });

  test('is refused with a reason', async () => {
    const client = await session.client();
    await expect(client.stream('nothing', { onOutput: () => undefined })).rejects.toMatchObject({
      name: 'RpcError',
      code: -32003,
      data: { code: 'NO_SUCH_PROCESS' },
    });
  });
});
