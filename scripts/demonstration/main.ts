/** The demonstration: see `scripts/demo`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { allNames } from '../../src/provider/catalog.ts';
import { Scope } from '../../src/scope.ts';
import { account, type DemoDashboard, startDashboard } from './dashboard.ts';

const root = path.join(import.meta.dirname, '../..');
const synsc = [process.execPath, path.join(root, 'dist/synsc.js')];
const scope = new Scope();

async function main(): Promise<void> {
  const home = mkdtempSync(path.join(tmpdir(), 'sd-'));
  scope.defer(() => rmSync(home, { recursive: true, force: true }));
  const env = environment(home);
  say('starting a dashboard with an embedded database …');
  const dashboard = await startDashboard(synsc, path.join(home, 'dashboard'), env);
  scope.defer(() => dashboard.stop());
  say(`  ${dashboard.url}, account ${account.email}, fake credentials for all six providers`);

  say('signing this machine in …');
  await signIn(dashboard, env);
  scope.defer(() => run(['connect', 'logout'], env, 'ignore'));

  say('a session, and commands in it:\n');
  await run(
    [
      'launch',
      '--label',
      'demo',
      '--',
      process.execPath,
      ...tsx,
      path.join(root, 'scripts/demonstration/session.ts'),
    ],
    {
      ...env,
      DEMO_SYNSC: JSON.stringify(synsc),
      DEMO_CA: dashboard.caFile,
      DEMO_URL: dashboard.url,
    },
    'inherit',
    path.join(home, 'work'),
  );
  say('the session has ended: its processes, its socket and its values are gone');
}

const tsx = ['--import', `file://${root}/node_modules/tsx/dist/loader.mjs`];

/** Directories of the demonstration alone, stub tools, and none of the user's own credentials. */
function environment(home: string): NodeJS.ProcessEnv {
  for (const name of ['config', 'data', 'run', 'bin', 'work']) {
    mkdirSync(path.join(home, name), { mode: 0o700 });
  }
  const stub =
    '#!/bin/sh\necho "$(basename "$0") (a stub) sees:"\nenv | grep -E "^(AWS|MODAL|HF|WANDB|LAMBDA|GOOGLE)_" | sort\nexit 0\n';
  for (const name of ['aws', 'modal']) {
    writeFileSync(path.join(home, 'bin', name), stub, { mode: 0o755 });
  }
  writeFileSync(
    path.join(home, 'work', 'train.py'),
    'import os\ntry:\n    import wandb\nexcept ImportError:\n    pass  # what counts is that the script uses it\n' +
      'for name in ("HF_TOKEN", "WANDB_API_KEY", "AWS_SECRET_ACCESS_KEY"):\n    print(name, os.environ.get(name))\n',
  );
  const mine = new Set([
    ...allNames(),
    'SYNSC_TOKEN',
    'SYNSC_DASHBOARD_URL',
    'SYNSC_CA_SHA256',
    'SYNSC_SOCKET',
    'SYNSC_SESSION',
  ]);
  const inherited = Object.entries(process.env).filter(([name]) => !mine.has(name));
  return {
    ...Object.fromEntries(inherited),
    PATH: `${path.join(home, 'bin')}:${process.env.PATH ?? ''}`,
    XDG_CONFIG_HOME: path.join(home, 'config'),
    XDG_DATA_HOME: path.join(home, 'data'),
    XDG_RUNTIME_DIR: path.join(home, 'run'),
    GIT_CEILING_DIRECTORIES: home,
  };
}

/** A line of `connect login --json`. */
interface LoginLine {
  readonly userCode?: string;
  readonly verificationUri?: string;
  readonly error?: { readonly message: string };
}

async function signIn(dashboard: DemoDashboard, env: NodeJS.ProcessEnv): Promise<void> {
  const flags = [
    '--dashboard',
    dashboard.url,
    '--ca-sha256',
    dashboard.caSha256,
    '--no-browser',
    '--json',
  ];
  const child = start(['connect', 'login', ...flags], env, ['ignore', 'pipe', 'inherit']);
  const ended = exitOf(child);
  if (child.stdout === null) throw new Error('the sign-in has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const { userCode, verificationUri, error } = JSON.parse(line) as LoginLine;
    if (error !== undefined) throw new Error(`the sign-in failed: ${error.message}`);
    if (userCode === undefined) continue;
    say(`  ${verificationUri} asks for the code ${userCode}`);
    await approval(dashboard, userCode, ended);
  }
  const code = await ended;
  if (code !== 0) throw new Error(`the sign-in ended with exit code ${String(code)}`);
}

/** At a terminal the user may approve in a browser instead. */
async function approval(
  dashboard: DemoDashboard,
  userCode: string,
  ended: Promise<unknown>,
): Promise<void> {
  if (!process.stdin.isTTY) {
    await dashboard.approve(userCode);
    say('  approved by the demonstration itself');
    return;
  }
  say(
    `  approve it there (${account.email}, password "${account.password}"), or press Enter to let the demonstration do it`,
  );
  const lines = createInterface({ input: process.stdin });
  const enter = once(lines, 'line').then(() => dashboard.approve(userCode));
  await Promise.race([enter, ended]);
  lines.close();
}

function start(
  args: string[],
  env: NodeJS.ProcessEnv,
  stdio: ('ignore' | 'pipe' | 'inherit')[],
  cwd = root,
): ChildProcess {
  const [file = '', ...first] = synsc;
  return spawn(file, [...first, ...args], { env, stdio, cwd });
}

async function run(
  args: string[],
  env: NodeJS.ProcessEnv,
  output: 'inherit' | 'ignore',
  cwd?: string,
): Promise<void> {
  const child = start(args, env, ['ignore', output, output], cwd);
  const code = await exitOf(child);
  if (code !== 0) throw new Error(`synsc ${args[0]} ended with exit code ${String(code)}`);
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => void child.once('exit', resolve));
}

function say(line: string): void {
  console.log(line);
}

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => void scope.close().finally(() => process.exit(130)));
}
try {
  await main();
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : 'failed'}`);
  process.exitCode = 1;
} finally {
  await scope.close();
}
