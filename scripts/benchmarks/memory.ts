/**
 * The supervisor's resident memory: while a command writes much and its output is read as a result, as
 * notifications, as a stream, or not at all; with 100 children; after many short ones. `GIGABYTES=10` for
 * the long run.
 */
import { inSession, verdict } from './support/session.ts';

const gigabytes = Number(process.env.GIGABYTES ?? 1);
/** Megabytes over the rest before that are allowed. */
const allowed = 64;

interface Step {
  readonly name: string;
  readonly before: number;
  readonly most: number;
  readonly after: number;
}

export async function run(): Promise<void> {
  const steps = await inSession<Step[]>(measuring, { BYTES: String(gigabytes * 1024 ** 3) });
  for (const { name, before, most, after } of steps) {
    const grown = most - before;
    console.log(
      `${name.padEnd(34)} before ${before.toFixed(0)}  most ${most.toFixed(0)}  after ${after.toFixed(0)} MB  ${verdict(`+${allowed} MB`, grown <= allowed)}`,
    );
  }
}

const measuring = `
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
const { BYTES, SYNSC_SOCKET } = process.env;
const rss = () => Number(/VmRSS:\\s+(\\d+)/.exec(readFileSync('/proc/' + supervisor + '/status', 'utf8'))[1]) / 1024;
const session = await client.connect(SYNSC_SOCKET);
const much = 'head -c ' + BYTES + ' /dev/zero | tr "\\\\0" "x"';
const notified = async (encoding) => {
  const exit = new Promise((resolve) => session.on('exit', resolve));
  const { processId } = await session.call('spawn', { command: much, background: true, encoding });
  await exit;
  await session.call('release', { processId });
};
const steps = {
  async 'a result'() {
    const { processId } = await session.call('spawn', { command: much });
    await session.call('release', { processId });
  },
  'notifications': () => notified('utf8'),
  async 'a stream'() {
    const { processId } = await session.call('spawn', { command: much, background: true, stream: true });
    const stream = await session.stream(processId, { onOutput: () => undefined });
    await stream.exited;
    await session.call('release', { processId });
  },
  async 'an owner that does not read'() {
    const owner = await client.connect(SYNSC_SOCKET);
    const { processId } = await owner.call('spawn', { command: much, background: true });
    owner.pause();
    await delay(3000);
    owner.close();
    await session.call('release', { processId });
  },
  async '100 children of 1 MB/s for 10 s'() {
    const chatty = 'for ((i = 0; i < 100; i++)); do head -c 100000 /dev/zero | tr "\\\\0" "x"; sleep 0.1; done';
    const started = await Promise.all(Array.from({ length: 100 }, () =>
      session.call('spawn', { command: chatty, background: true, stream: true })));
    const streams = await Promise.all(started.map(({ processId }) =>
      session.stream(processId, { onOutput: () => undefined })));
    await Promise.all(streams.map((one) => one.exited));
    for (const { processId } of started) await session.call('release', { processId });
  },
  async '1000 short commands'() {
    for (let at = 0; at < 1000; at += 1) await session.call('spawn', { argv: ['true'] });
  },
};
await session.call('spawn', { command: 'head -c 10000000 /dev/zero | tr "\\\\0" "x"' });
const results = [];
for (const [name, run] of Object.entries(steps)) {
  const before = rss();
  let most = before;
  const timer = setInterval(() => { most = Math.max(most, rss()); }, 20);
  await run();
  await delay(500);
  clearInterval(timer);
  results.push({ name, before, most, after: rss() });
}
session.close();
console.log(JSON.stringify(results));
`;
