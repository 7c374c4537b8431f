/**
 * From the command to accepted connections, of the dashboard as it is shipped: cold, which makes the
 * embedded database and the keys, and warm. The minimum counts: a busy machine only adds to it.
 * `scripts/bench dashboard-start [ROUNDS]`
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cpuOf, startServer } from './support/dashboard.ts';

const rounds = Number(process.argv[3] ?? 7);
/** Milliseconds. */
const targets = { cold: 2500, warm: 1500 };

type Kind = keyof typeof targets;

export async function run(): Promise<void> {
  const times: Record<Kind, number[]> = { cold: [], warm: [] };
  const cpu: Record<Kind, number[]> = { cold: [], warm: [] };
  for (let round = 0; round < rounds; round += 1) {
    const data = mkdtempSync(path.join(tmpdir(), 'synsc-bench-'));
    for (const kind of ['cold', 'warm'] as const) {
      const start = performance.now();
      const { child, server } = await startServer(data, undefined);
      times[kind].push(performance.now() - start);
      cpu[kind].push(cpuOf(server.pid));
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(data, { recursive: true, force: true });
  }
  for (const kind of ['cold', 'warm'] as const) report(kind, times[kind], cpu[kind]);
}

function report(kind: Kind, times: readonly number[], cpu: readonly number[]): void {
  const least = Math.min(...times);
  const met = least <= targets[kind];
  const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
  const figures = `min ${least.toFixed(0)} median ${median.toFixed(0)} ms, CPU min ${Math.min(...cpu)} ms`;
  console.log(`${kind} start  ${figures}  at most ${targets[kind]}: ${met ? 'met' : 'MISSED'}`);
  if (!met) process.exitCode = 1;
}
