/**
 * What a shim adds to the start of a program: a bash loop that starts one small program many times, bare,
 * through a shim that never asks, and through one that asks, each in a session. Interleaved rounds, the
 * least wall time of each.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const rounds = 7;
const starts = 150;
const program = path.join(import.meta.dirname, '../../dist/synsc.js');
/** Milliseconds over the bare start that are allowed. */
const targets: Record<string, number> = { strip: 2, ask: 12 };

/** Prints one line of microseconds a start, for each round: bare, strip, ask. */
const loop = `
t() { local start=$EPOCHREALTIME i; for ((i = 0; i < ${starts}; i++)); do "$@"; done
  local end=$EPOCHREALTIME; printf '%s ' $(((\${end/./} - \${start/./}) / ${starts})); }
for ((round = 0; round < ${rounds}; round++)); do t "$TOOLS/other"; t git x; t aws x; echo; done`;

export async function run(): Promise<void> {
  const place = mkdtempSync(path.join(tmpdir(), 'b-'));
  const tools = path.join(place, 'tools');
  mkdirSync(tools);
  for (const name of ['other', 'git', 'aws']) copyFileSync('/bin/true', path.join(tools, name));
  try {
    const { stdout } = spawnSync(
      process.execPath,
      [program, 'launch', '--no-sync', '--', 'bash', '-c', loop],
      {
        env: {
          PATH: `${tools}:/usr/bin:/bin`,
          TOOLS: tools,
          XDG_RUNTIME_DIR: place,
          AWS_ACCESS_KEY_ID: 'AKIAEXAMPLEONLY23456',
          AWS_SECRET_ACCESS_KEY: 'EXAMPLEonlyNotARealSecretKey/0123456789+',
        },
        cwd: '/',
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    report(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.trim().split(' ').map(Number)),
    );
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function report(times: readonly (readonly number[])[]): void {
  const least = ['bare', 'strip', 'ask'].map((name, at) => ({
    name,
    time: Math.min(...times.map((round) => round[at] ?? Number.NaN)) / 1_000,
  }));
  const bare = least[0]?.time ?? Number.NaN;
  for (const { name, time } of least) {
    const target = targets[name];
    const over = time - bare;
    const verdict =
      target === undefined ? '' : `target +${target}: ${over <= target ? 'met' : 'MISSED'}`;
    console.log(`${name.padEnd(6)} ${time.toFixed(2)} ms  +${over.toFixed(2)} ms  ${verdict}`);
    if (target !== undefined && !(over <= target)) process.exitCode = 1;
  }
}
