/**
 * Start-up beside bare Node: `launch -- true` with a sync from a warm local dashboard, and
 * `exec -- true` inside a session. One interleaved run in shuffled order: medians of wall time, and minima,
 * which a busy machine moves less.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeSettings } from '../../src/account/settings.ts';
import { startTestDashboard } from '../../test/support/dashboard.ts';

const rounds = 25;
const program = path.join(import.meta.dirname, '../../dist/synsc.js');
/** Milliseconds over bare Node that are allowed. */
const targets: Record<string, number> = { 'launch -- true': 60, 'exec -- true': 20 };

interface Run {
  readonly name: string;
  readonly argv: readonly string[];
}

export async function run(): Promise<void> {
  const dashboard = await startTestDashboard({ database: 'pglite' });
  const runtime = mkdtempSync(path.join(tmpdir(), 'b-'));
  const cookie = await dashboard.signUp('bench@example.com');
  await dashboard.putCredential(cookie, 'huggingface', {
    HF_TOKEN: 'hf_EXAMPLEonlyNotARealTokenAbCdEf012345',
  });
  const { NODE_EXTRA_CA_CERTS: _slow, ...inherited } = process.env;
  const env = {
    ...inherited,
    XDG_RUNTIME_DIR: runtime,
    XDG_CONFIG_HOME: runtime,
    SYNSC_TOKEN: await dashboard.completeDeviceFlow(cookie),
  };
  // what `connect login` leaves behind
  const { url, caSha256, caCertificate } = dashboard;
  writeSettings(env, { dashboard: url, caSha256, ca: caCertificate });
  const candidates: Run[] = [
    { name: 'node -e 0', argv: [process.execPath, '-e', '0'] },
    { name: '--version', argv: [process.execPath, program, '--version'] },
    { name: 'launch -- true', argv: [process.execPath, program, 'launch', '--', 'true'] },
    { name: 'exec -- true', argv: [process.execPath, program, 'exec', '--', 'true'] },
  ];
  try {
    report(await measureInSession(candidates, env));
  } finally {
    await dashboard.close();
    rmSync(runtime, { recursive: true, force: true });
  }
}

/** `exec` needs a session around it: a launched copy of this file measures and prints its times. */
function measureInSession(candidates: readonly Run[], env: NodeJS.ProcessEnv): Promise<number[][]> {
  const child = spawn(
    process.execPath,
    [
      program,
      'launch',
      '--',
      process.execPath,
      '-e',
      measuring,
      JSON.stringify(candidates),
      String(rounds),
    ],
    // the launch inside needs the token, which no command of a session inherits
    { env: { ...env, BENCH_TOKEN: env.SYNSC_TOKEN }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let out = '';
  child.stdout.on('data', (bytes: Buffer) => {
    out += bytes.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('close', (code) =>
      code === 0 ? resolve(JSON.parse(out) as number[][]) : reject(new Error(`exit ${code}`)),
    );
  });
}

/** Asynchronous spawns would add this process's own loop to each time. */
const measuring = `
const { spawnSync } = require('node:child_process');
const [candidates, rounds] = [JSON.parse(process.argv[1]), Number(process.argv[2])];
const { BENCH_TOKEN, ...rest } = process.env;
const { SYNSC_SOCKET, SYNSC_SESSION, ...outside } = { ...rest, SYNSC_TOKEN: BENCH_TOKEN };
const times = candidates.map(() => []);
for (let round = -2; round < rounds; round += 1) {
  for (const at of candidates.map((_, index) => index).sort(() => Math.random() - 0.5)) {
    const [file, ...args] = candidates[at].argv;
    const start = process.hrtime.bigint();
    const { status } = spawnSync(file, args, { stdio: 'ignore', env: args[1] === 'launch' ? outside : rest });
    const time = Number(process.hrtime.bigint() - start) / 1e6;
    if (status !== 0) { console.error(candidates[at].name + ' exited ' + status); process.exit(1); }
    if (round >= 0) times[at].push(time);
  }
}
console.log(JSON.stringify(times));`;

function report(times: readonly number[][]): void {
  const names = ['node -e 0', '--version', 'launch -- true', 'exec -- true'];
  const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[list.length >> 1] ?? 0;
  const floor = median(times[0] ?? []);
  const least = Math.min(...(times[0] ?? []));
  for (const [at, name] of names.entries()) {
    const list = times[at] ?? [];
    const over = median(list) - floor;
    const target = targets[name];
    const verdict =
      target === undefined ? '' : `target +${target}: ${over <= target ? 'met' : 'MISSED'}`;
    console.log(
      `${name.padEnd(16)} median ${median(list).toFixed(1)} ms  +${over.toFixed(1)} ms  min ${Math.min(...list).toFixed(1)} ms  +${(Math.min(...list) - least).toFixed(1)} ms  ${verdict}`,
    );
    if (target !== undefined && over > target) process.exitCode = 1;
  }
  const load = spawnSync('cat', ['/proc/loadavg'], { encoding: 'utf8' }).stdout.trim();
  console.log(`${rounds} rounds, Node ${process.version}, load ${load}, NODE_EXTRA_CA_CERTS unset`);
}
