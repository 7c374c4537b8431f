/**
 * How fast a command's output reaches a client, with redaction on: as frames and as notifications, beside
 * a raw Unix socket of another process. `replay` is framing alone: 2 MiB that were redacted before, by an
 * upgraded connection each time, beside raw connections for as much. Interleaved rounds; the best of each counts.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inSession, verdict } from './support/session.ts';

const rounds = 5;
const megabytes = 64;

interface Times {
  readonly raw: number[];
  readonly rawParts: number[];
  readonly replay: number[];
  readonly frames: number[];
  readonly base64: number[];
  readonly text: number[];
}

export async function run(): Promise<void> {
  const place = mkdtempSync(path.join(tmpdir(), 'b-'));
  const file = path.join(place, 'log');
  writeFileSync(file, logLines(megabytes * 1024 * 1024));
  try {
    const env = { LOG: file, PLACE: place, ROUNDS: String(rounds) };
    const times = await inSession<Times>(measuring, env);
    report(times);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function logLines(bytes: number): Buffer {
  let tile = '';
  for (let line = 0; tile.length < 4 * 1024 * 1024; line += 1) {
    const step = (line * 2_654_435_761) % 1_000_003;
    tile += `2026-11-26T12:00:${String(line % 60).padStart(2, '0')}Z [worker-${line % 8}] step=${step} loss=0.${step} lr=0.0003 tokens=${line * 4096} saved checkpoint\n`;
  }
  return Buffer.alloc(bytes, tile);
}

const measuring = `
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { statSync } from 'node:fs';
import { once } from 'node:events';
const { LOG, PLACE, ROUNDS, SYNSC_SOCKET } = process.env;
const size = statSync(LOG).size;
const rawServer = spawn(process.execPath, ['-e', \`
  const { createServer } = require('node:net');
  const { readFileSync } = require('node:fs');
  const all = readFileSync(\${JSON.stringify(LOG)});
  const serve = (size) => createServer((socket) => {
    let at = 0;
    const go = () => {
      while (at < size) {
        const chunk = all.subarray(at, at = Math.min(size, at + 65536));
        if (!socket.write(chunk)) return socket.once('drain', go);
      }
      socket.end();
    };
    go();
  });
  serve(2097152).listen(\${JSON.stringify(PLACE + '/part')});
  serve(all.length).listen(\${JSON.stringify(PLACE + '/raw')}, () => console.log('ready'));
\`], { stdio: ['ignore', 'pipe', 'inherit'] });
await once(rawServer.stdout, 'data');

const ways = {
  raw: () => raw('/raw'),
  async frames(session) {
    const { processId } = await session.call('spawn', { argv: ['cat', LOG], background: true, stream: true });
    let seen = 0;
    const stream = await session.stream(processId, { onOutput: (_, data) => { seen += data.length; } });
    await stream.exited;
    return seen;
  },
  base64: (session) => notified(session, 'base64', (data) => Buffer.from(data, 'base64').length),
  text: (session) => notified(session, 'utf8', (data) => data.length),
};
/** Milliseconds of each connection for 2 MiB, raw and replayed by turns. */
async function parts() {
  const session = await client.connect(SYNSC_SOCKET);
  const { processId } = await session.call('spawn', { argv: ['head', '-c', '2097152', LOG] });
  const kinds = {
    rawParts: () => raw('/part'),
    async replay() {
      let seen = 0;
      const stream = await session.stream(processId, { onOutput: (_, data) => { seen += data.length; } });
      await stream.exited;
      return seen;
    },
  };
  for (let round = -20; round < 200; round += 1) {
    for (const name of Object.keys(kinds).sort(() => Math.random() - 0.5)) {
      const start = performance.now();
      const seen = await kinds[name]();
      const time = performance.now() - start;
      if (seen !== 2097152) throw new Error(name + ': ' + seen + ' bytes');
      if (round >= 0) times[name].push(time * size / seen);
    }
  }
  session.close();
}
async function raw(name) {
  let seen = 0;
  const socket = connect(PLACE + name).on('data', (chunk) => { seen += chunk.length; });
  await once(socket, 'close');
  return seen;
}
async function notified(session, encoding, length) {
  let seen = 0;
  const stop = session.on('output', ({ data }) => { seen += length(data); });
  const exit = new Promise((resolve) => session.on('exit', resolve));
  await session.call('spawn', { argv: ['cat', LOG], background: true, encoding });
  await exit;
  stop();
  return seen;
}
const times = { raw: [], rawParts: [], replay: [], frames: [], base64: [], text: [] };
await parts();
for (let round = -1; round < Number(ROUNDS); round += 1) {
  for (const name of Object.keys(ways).sort(() => Math.random() - 0.5)) {
    const session = await client.connect(SYNSC_SOCKET);
    const start = performance.now();
    const seen = await ways[name](session);
    const time = performance.now() - start;
    session.close();
    if (seen !== size) throw new Error(name + ': ' + seen + ' bytes');
    if (round >= 0) times[name].push(time);
  }
}
rawServer.kill();
console.log(JSON.stringify(times));
`;

function report(times: Times): void {
  const speed = (list: readonly number[]) => (megabytes * 1.048_576) / (Math.min(...list) / 1_000);
  const raw = speed(times.raw);
  const verdicts: Record<string, string> = {
    raw: '',
    rawParts: '',
    replay: verdict('0.6 of rawParts', speed(times.replay) >= 0.6 * speed(times.rawParts)),
    frames: verdict('80 MB/s', speed(times.frames) >= 80),
    base64: verdict('80 MB/s', speed(times.base64) >= 80),
    text: verdict('80 MB/s', speed(times.text) >= 80),
  };
  for (const [name, list] of Object.entries<number[]>({ ...times })) {
    const ratio = (speed(list) / raw).toFixed(2);
    console.log(
      `${name.padEnd(8)} ${speed(list).toFixed(0).padStart(6)} MB/s  ${ratio} of raw  ${verdicts[name]}`,
    );
  }
}
