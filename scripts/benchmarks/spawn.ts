/**
 * From the request to the exit of `/bin/true` over the socket, without and with credentials, beside
 * `child_process` in the client itself; before and after 1 GB of output. Interleaved, medians and minima.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inSession, percentile, verdict } from './support/session.ts';

/** Milliseconds over the bare start that are allowed at the median. */
const targets: Readonly<Record<string, number>> = { spawn: 3, 'with credentials': 5 };

interface Times {
  readonly before: Record<string, number[]>;
  readonly after: Record<string, number[]>;
}

export async function run(): Promise<void> {
  const tools = mkdtempSync(path.join(tmpdir(), 'b-'));
  copyFileSync('/bin/true', path.join(tools, 'modal'));
  try {
    report(await inSession<Times>(measuring, { PATH: `${tools}:${process.env.PATH}` }));
  } finally {
    rmSync(tools, { recursive: true, force: true });
  }
}

function report({ before, after }: Times): void {
  const bare = percentile(before.bare ?? [], 0.5);
  for (const [name, list] of Object.entries(before)) {
    const over = percentile(list, 0.5) - bare;
    const target = targets[name];
    const grown = percentile(after[name] ?? [], 0.5);
    console.log(
      `${name.padEnd(18)} p50 ${percentile(list, 0.5).toFixed(2)}  p99 ${percentile(list, 0.99).toFixed(2)}  min ${Math.min(...list).toFixed(2)} ms  +${over.toFixed(2)} ms  after 1 GB p50 ${grown.toFixed(2)} ms  ${target === undefined ? '' : verdict(`+${target} ms`, over <= target)}`,
    );
  }
}

const measuring = `
import { spawn } from 'node:child_process';
const { SYNSC_SOCKET } = process.env;
const session = await client.connect(SYNSC_SOCKET);
const rounds = 100;
const ways = {
  bare: () => new Promise((resolve) => spawn('/bin/true', { stdio: 'ignore' }).once('exit', resolve)),
  spawn: () => session.call('spawn', { argv: ['/bin/true'] }),
  'with credentials': () => session.call('spawn', { argv: ['modal', 'x'] }),
};
const { decisions } = await session.call('spawn', { argv: ['modal', 'x'] });
if (decisions[0].given.length !== 2) throw new Error('modal is given nothing');
async function measure() {
  const times = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let round = -10; round < rounds; round += 1) {
    for (const name of Object.keys(ways).sort(() => Math.random() - 0.5)) {
      const start = performance.now();
      await ways[name]();
      if (round >= 0) times[name].push(performance.now() - start);
    }
  }
  return times;
}
const before = await measure();
await session.call('spawn', { command: 'head -c 1073741824 /dev/zero | tr "\\\\0" x' });
const after = await measure();
session.close();
console.log(JSON.stringify({ before, after }));
`;
