/**
 * From a key to its echo in a terminal of the session, with redaction on: at rest, beside 100 commands
 * that each write 1 MB/s to a pipe, and beside 4 terminals that never stop writing.
 */
import { inSession, percentile, verdict } from './support/session.ts';

/** Milliseconds. */
const target = 10;
/** For which the redactor keeps what may begin a value. */
const hold = 16;

export async function run(): Promise<void> {
  const times = await inSession<Record<string, { keys: number[]; written: number }>>(measuring);
  for (const [name, { keys, written }] of Object.entries(times)) {
    const p99 = percentile(keys, 0.99);
    const beside = written > 0 ? `${written.toFixed(0)} MB/s beside it  ` : '';
    const limit = name.startsWith('a letter') ? hold + target : target;
    console.log(
      `${name.padEnd(24)} p50 ${percentile(keys, 0.5).toFixed(2)} ms  p99 ${p99.toFixed(2)} ms  ${beside}${verdict(`p99 ${limit} ms`, p99 <= limit)}`,
    );
  }
}

const measuring = `
import { setTimeout as delay } from 'node:timers/promises';
const { SYNSC_SOCKET } = process.env;
const session = await client.connect(SYNSC_SOCKET);
let heard = () => undefined;
const { processId } = await session.call('spawn', {
  argv: ['cat'], background: true, stream: true, tty: { columns: 80, rows: 24 },
});
const terminal = await session.stream(processId, { onOutput: () => heard() });
/** A blank may leave at once; a letter may begin a value, and waits 16 ms for what follows it. */
async function typing(count, key) {
  const keys = [];
  for (let at = -10; at < count; at += 1) {
    const echoed = new Promise((resolve) => { heard = resolve; });
    const start = performance.now();
    void terminal.write(Buffer.from(key));
    await echoed;
    if (at >= 0) keys.push(performance.now() - start);
    await delay(3 + Math.random() * 4);
  }
  return keys;
}
/** Nobody reads these but the session, which redacts and keeps them. */
async function beside(count, program) {
  const others = await client.connect(SYNSC_SOCKET);
  const started = await Promise.all(Array.from({ length: count }, () =>
    others.call('spawn', { ...program, background: true, stream: true })));
  const ids = started.map((one) => one.processId);
  others.close();
  return {
    async written() {
      const ends = await Promise.all(ids.map((id) => session.call('output', { processId: id, fromOffset: Number.MAX_SAFE_INTEGER })));
      return ends.reduce((sum, { offset }) => sum + offset, 0) / 1e6;
    },
    close: () => Promise.all(ids.map((id) => session.call('release', { processId: id }))),
  };
}
/** 10 KB each 10 ms, by absolute deadlines. */
const chatty = ['perl', '-e', \`
  use Time::HiRes qw(sleep time); $| = 1;
  my $tile = substr("epoch 3 step 1200 loss=0.1234 tokens=88123 worker-7 saved checkpoint\\\\n" x 200, 0, 10000);
  my $next = time + rand(0.01);
  for (;;) { syswrite STDOUT, $tile; $next += 0.01; my $left = $next - time; sleep($left) if $left > 0; }
\`];
const results = {};
async function measure(name, count, program, key = ' ') {
  const load = count > 0 ? await beside(count, program) : undefined;
  if (load) await delay(2000);
  const [before, start] = [await load?.written() ?? 0, performance.now()];
  const keys = await typing(100, key);
  const written = ((await load?.written() ?? 0) - before) / ((performance.now() - start) / 1000);
  await load?.close();
  await delay(500);
  results[name] = { keys, written };
}
await measure('a letter at rest', 0, undefined, 'x');
await measure('at rest', 0);
await measure('100 pipes of 1 MB/s', 100, { argv: chatty });
await measure('4 flooding terminals', 4, { command: 'cat /dev/zero | tr "\\\\0" x', tty: { columns: 80, rows: 24 } });
terminal.close();
session.close();
console.log(JSON.stringify(results));
`;
