/** The demonstration: see `scripts/demo`. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Scope } from '../../src/scope.ts';
import { account, type DemoDashboard, prepareDashboard } from './dashboard.ts';
import { environment, furnish, makeHome } from './place.ts';
import { exitOf, start } from './processes.ts';

const root = path.join(import.meta.dirname, '../..');
const synsc = [process.execPath, path.join(root, 'dist/synsc.js')];
const tsx = ['--import', `file://${root}/node_modules/tsx/dist/loader.mjs`];
/** Milliseconds in which a user at a terminal may approve the sign-in. */
const patience = 60_000;
/** Exit code of a sign-out where no sign-in went before. */
const notSignedIn = 3;
const scope = new Scope();

async function main(): Promise<void> {
  const home = makeHome();
  scope.defer(() => rmSync(home, { recursive: true, force: true }));
  furnish(home);
  const env = environment(home);

  say('starting a dashboard with an embedded database …');
  const data = path.join(home, 'dashboard');
  const dashboard = await prepareDashboard(
    begin(['dashboard', '--port', '0', '--data', data, '--json'], env, 'pipe'),
    data,
  );
  say(`  ${dashboard.url}, account ${account.email}, fake credentials for all six providers`);

  say('signing this machine in …');
  scope.defer(() => signOut(env));
  await signIn(dashboard, env);

  say('a session, and commands in it:\n');
  await runSession(dashboard, env, path.join(home, 'work'));
  say('the session has ended: its processes, its socket and its values are gone');
}

/** Also after an interruption: the token is in the kernel's keyring, not below the demonstration's home. */
async function signOut(env: NodeJS.ProcessEnv): Promise<void> {
  const words = [...synsc, 'connect', 'logout'];
  const own = new Scope(); // the demonstration's scope ends whatever starts while it closes
  const child = start(own, words, { env, cwd: root, stdio: 'ignore' });
  const code = await exitOf(child);
  await own.close();
  if (code === 0) say('signed out; the dashboard stops, and everything it stored goes with it');
  else if (code !== notSignedIn) throw new Error(`the sign-out failed (${code})`);
}

/** A line of `connect login --json`. */
interface LoginLine {
  readonly userCode?: string;
  readonly verificationUri?: string;
  readonly error?: { readonly message: string };
}

async function signIn(dashboard: DemoDashboard, env: NodeJS.ProcessEnv): Promise<void> {
  const pin = ['--dashboard', dashboard.url, '--ca-sha256', dashboard.caSha256];
  const child = begin(['connect', 'login', ...pin, '--no-browser', '--json'], env, 'pipe');
  const ended = exitOf(child);
  if (child.stdout === null) throw new Error('the sign-in has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const { userCode, verificationUri, error } = JSON.parse(line) as LoginLine;
    if (error !== undefined) throw new Error(`the sign-in failed: ${error.message}`);
    if (userCode === undefined) continue;
    say(`  ${verificationUri} asks for the code ${userCode}`);
    if (process.stdin.isTTY && (await approvedByUser(ended))) continue;
    await dashboard.approve(userCode);
    say('  approved by the demonstration itself');
  }
  await succeed('sign-in', child);
}

/** At a terminal the user may approve in a browser; true when that was done. */
async function approvedByUser(ended: Promise<unknown>): Promise<boolean> {
  say(`  approve it there (${account.email}, password "${account.password}"),`);
  say('  or press Enter, or wait a minute, to let the demonstration do it');
  const lines = createInterface({ input: process.stdin });
  const over = new AbortController();
  const options = { signal: over.signal };
  // a closed terminal input is an answer, too
  const answered = Promise.race([once(lines, 'line', options), once(lines, 'close', options)]);
  const waited = sleep(patience, undefined, options);
  try {
    return await Promise.race([
      ended.then(() => true),
      answered.then(() => false),
      waited.then(() => false),
    ]);
  } finally {
    for (const promise of [answered, waited]) promise.catch(() => undefined);
    over.abort();
    lines.close();
  }
}

async function runSession(
  dashboard: DemoDashboard,
  env: NodeJS.ProcessEnv,
  cwd: string,
): Promise<void> {
  const session = [process.execPath, ...tsx, path.join(root, 'scripts/demonstration/session.ts')];
  const facts = {
    DEMO_SYNSC: JSON.stringify(synsc),
    DEMO_CA: dashboard.caFile,
    DEMO_URL: dashboard.url,
    DEMO_COLOUR: process.stdout.isTTY && !process.env.NO_COLOR ? '1' : '',
  };
  const words = ['launch', '--label', 'demo', '--', ...session];
  await succeed('session', begin(words, { ...env, ...facts }, 'inherit', cwd));
}

/** One `synsc` process; what it says on stderr is shown, unless nothing of it is. */
function begin(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  output: 'pipe' | 'inherit' | 'ignore',
  cwd = root,
) {
  const stderr = output === 'ignore' ? 'ignore' : 'inherit';
  return start(scope, [...synsc, ...args], { env, cwd, stdio: ['ignore', output, stderr] });
}

async function succeed(what: string, child: ReturnType<typeof begin>): Promise<void> {
  const code = await exitOf(child);
  if (code !== 0) throw new Error(`the ${what} failed (${code ?? child.signalCode})`);
}

function say(line: string): void {
  console.log(line);
}

const endings = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
let endedBy: number | undefined;
process.stdout.on('error', () => undefined); // nobody listens any more: the clean-up goes on
for (const [name, code] of Object.entries(endings)) {
  process.on(name, () => {
    endedBy ??= code;
    void scope.close().finally(() => process.exit(code));
  });
}
try {
  await main();
} catch (error) {
  if (endedBy === undefined)
    console.error(`demo: ${error instanceof Error ? error.message : 'failed'}`);
  process.exitCode = endedBy ?? 1;
} finally {
  await scope.close();
}
