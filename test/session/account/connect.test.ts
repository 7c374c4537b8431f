import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { claim } from '../../support/claim.ts';
import { startTestDashboard, type TestDashboard } from '../../support/dashboard.ts';
import { cleanEnv, root, synsc } from '../../support/session.ts';

let dashboard: TestDashboard;
let cookie: string;
let home: string;

beforeAll(async () => {
  dashboard = await startTestDashboard({
    database: 'pglite',
    config: { pollInterval: 1, codeLifetime: 5 },
  });
  cookie = await dashboard.signUp('ada@example.com');
  await dashboard.putCredential(cookie, 'lambda', {
    LAMBDA_API_KEY: 'secret_EXAMPLE_onlyNotReal_03',
  });
});
afterAll(async () => {
  await dashboard.close();
});
afterEach(async () => {
  // the kernel keyring belongs to the user, not to a home directory
  await new Run(['connect', 'logout']).code;
  rmSync(home, { recursive: true, force: true });
});
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'home-'));
});

function environment(place: string, extra: Record<string, string> = {}): Record<string, string> {
  return cleanEnv({
    HOME: place,
    XDG_CONFIG_HOME: path.join(place, 'config'),
    XDG_DATA_HOME: path.join(place, 'data'),
    XDG_RUNTIME_DIR: place,
    ...extra,
  });
}

/** A command that runs, and what it has printed so far. */
class Run {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly code: Promise<number | null>;

  constructor(args: string[], extra: Record<string, string> = {}) {
    this.child = spawn(synsc, args, { env: environment(home, extra) });
    this.child.stdout?.on('data', (bytes: Buffer) => {
      this.stdout += bytes.toString();
    });
    this.child.stderr?.on('data', (bytes: Buffer) => {
      this.stderr += bytes.toString();
    });
    this.code = new Promise((resolve) => this.child.once('close', resolve));
  }
}

const pinned = () => [
  '--dashboard',
  dashboard.url,
  '--ca-sha256',
  dashboard.caSha256,
  '--no-browser',
];
const login = (...more: string[]) => new Run(['connect', 'login', ...pinned(), ...more]);

/** The first JSON line of a login. */
async function codeOf(
  run: Run,
): Promise<{ userCode: string; verificationUri: string; expiresIn: number }> {
  await expect.poll(() => run.stdout, { timeout: 15_000 }).toContain('\n');
  return JSON.parse(run.stdout.split('\n')[0] ?? '');
}

async function decide(userCode: string, action: 'approve' | 'deny'): Promise<void> {
  await dashboard.form('/device', { user_code: userCode }, cookie);
  await dashboard.form('/device/confirm', { action }, cookie);
}

async function signIn(): Promise<Run> {
  const run = login('--json');
  await decide((await codeOf(run)).userCode, 'approve');
  expect(await run.code).toBe(0);
  return run;
}

/** Every byte of every file below the home directory. */
function filesBelow(directory: string): string {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

/** Whether a process has a listening TCP socket (proc(5): state 0A of /proc/net/tcp, by inode). */
function listens(pid: number | undefined): boolean {
  const listening = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A')
      .map((fields) => `socket:[${fields[9]}]`),
  );
  return readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return listening.includes(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      return false; // closed in the meantime
    }
  });
}

claim('security/device-flow', async () => {
  const run = await signIn();
  const [first, last] = run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(first).toMatchObject({
    verificationUri: `${dashboard.url}/device`,
    userCode: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
    expiresIn: 5,
  });
  expect(last).toEqual({ account: { email: 'ada@example.com' } });
  const status = new Run(['connect', 'status', '--json']);
  expect(await status.code).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({
    account: { email: 'ada@example.com' },
    dashboard: dashboard.url,
    credentials: [{ name: 'LAMBDA_API_KEY', provider: 'lambda', source: 'dashboard', version: 1 }],
    sessions: [],
  });
  expect(status.stdout).not.toContain('secret_EXAMPLE');
});

claim('security/prints-url-and-code', async () => {
  const run = login();
  await expect
    .poll(() => run.stderr, { timeout: 15_000 })
    .toMatch(/https:\/\/localhost:\d+\/device/);
  expect(run.stderr).toMatch(/[A-Z]{4}-[A-Z]{4}/);
  expect(run.stdout).toBe('');
  run.child.kill('SIGINT');
  expect(await run.code).toBe(130);
  const status = new Run(['connect', 'status']);
  expect(await status.code).toBe(3);
});

claim('security/no-callback-server', async () => {
  const run = login('--json');
  await codeOf(run);
  expect(listens(process.pid)).toBe(true); // the dashboard of this test: listeners are seen
  expect(listens(run.child.pid)).toBe(false);
  run.child.kill('SIGINT');
  await run.code;
});

claim('security/logout-login-rotates', async () => {
  await signIn();
  const logout = new Run(['connect', 'logout']);
  expect(await logout.code).toBe(0);
  const status = new Run(['connect', 'status']);
  expect(await status.code).toBe(3);
  expect(status.stderr).toMatch(/^synsc: .+\nhint: .+synsc connect login.+\n$/);
  await signIn();
});

claim('security/never-writes-disk', async () => {
  const token = await dashboard.completeDeviceFlow(cookie);
  const run = await signIn();
  expect(run.stdout).not.toContain('synsc_');
  const files = filesBelow(home);
  expect(files).toContain(dashboard.url);
  expect(files).toContain('BEGIN CERTIFICATE');
  expect(files).not.toContain('synsc_');
  expect(token).toMatch(/^synsc_/); // what a token looks like
});

describe('a login that does not succeed', () => {
  test('denied: exit 4', async () => {
    const run = login('--json');
    await decide((await codeOf(run)).userCode, 'deny');
    expect(await run.code).toBe(4);
    expect(run.stdout).toContain('LOGIN_DENIED');
  });

  test('expired: exit 4', async () => {
    const run = login();
    expect(await run.code).toBe(4);
    expect(run.stderr).toContain('expired');
  });

  test('another certificate authority than the pinned one: exit 125, and its fingerprint', async () => {
    const run = new Run([
      'connect',
      'login',
      '--dashboard',
      dashboard.url,
      '--ca-sha256',
      '0'.repeat(64),
    ]);
    expect(await run.code).toBe(125);
    expect(run.stderr).toContain(dashboard.caSha256);
  });

  test('an unknown certificate authority: exit 125, and its fingerprint', async () => {
    const run = new Run(['connect', 'login', '--dashboard', dashboard.url]);
    expect(await run.code).toBe(125);
    expect(run.stderr).toContain(dashboard.caSha256);
    expect(run.stderr).toContain('--ca-sha256');
  });

  test('nobody there: exit 125', async () => {
    const run = new Run(['connect', 'login', '--dashboard', 'https://localhost:1']);
    expect(await run.code).toBe(125);
    expect(run.stderr).toMatch(/^synsc: cannot reach .+\nhint: .+\n$/);
  });

  test('no TLS: exit 2', async () => {
    const run = new Run(['connect', 'login', '--dashboard', 'http://localhost:1']);
    expect(await run.code).toBe(2);
  });
});

claim('credentials/bearer-token', async () => {
  const token = await dashboard.completeDeviceFlow(cookie);
  const env = {
    SYNSC_TOKEN: token,
    SYNSC_DASHBOARD_URL: dashboard.url,
    SYNSC_CA_SHA256: dashboard.caSha256,
  };
  const status = new Run(['connect', 'status', '--json'], env);
  expect(await status.code).toBe(0);
  await dashboard.form('/oauth/revoke', { token, client_id: 'synsc-cli' });
  const after = new Run(['connect', 'status'], env);
  expect(await after.code).toBe(3);
  expect(readdirSync(home)).not.toContain('config');
  expect(await new Run(['connect', 'status'], { ...env, SYNSC_TOKEN: '' }).code).toBe(3);
});

test('logout without an answer forgets the token here and says that it lives there', async () => {
  const own = await startTestDashboard({ database: 'pglite', config: { pollInterval: 1 } });
  const visitor = await own.signUp('bob@example.com');
  const run = new Run([
    'connect',
    'login',
    '--dashboard',
    own.url,
    '--ca-sha256',
    own.caSha256,
    '--json',
  ]);
  const { userCode } = await codeOf(run);
  await own.form('/device', { user_code: userCode }, visitor);
  await own.form('/device/confirm', { action: 'approve' }, visitor);
  expect(await run.code).toBe(0);
  await own.close();
  const logout = new Run(['connect', 'logout']);
  expect(await logout.code).toBe(0);
  expect(logout.stderr).toContain('until it expires');
  expect(await new Run(['connect', 'logout']).code).toBe(3);
});

test.skipIf(process.getuid?.() !== 0)(
  'as another user the kernel keyring keeps a key for later processes of that user only (needs root)',
  () => {
    const as = (uid: number, code: string) =>
      spawnSync(
        'setpriv',
        [
          '--reuid',
          String(uid),
          '--regid',
          String(uid),
          '--clear-groups',
          process.execPath,
          '--import',
          `file://${root}/node_modules/tsx/dist/loader.mjs`,
          '--input-type=module',
          '-e',
          `const k = await import('${root}/src/platform/keyring.ts'); console.log(${code});`,
        ],
        { encoding: 'utf8', env: { PATH: process.env.PATH ?? '', HOME: '/tmp', TMPDIR: '/tmp' } },
      ).stdout.trim();
    const name = `synsc:test:${process.pid}`;
    expect(as(65_533, `k.addKey('${name}', Buffer.from('value'))`)).toBe('true');
    expect(as(65_533, `String(k.readKey('${name}'))`)).toBe('value');
    expect(as(65_532, `String(k.readKey('${name}'))`)).toBe('undefined');
    expect(as(65_533, `k.removeKey('${name}')`)).toBe('true');
    expect(as(65_533, `String(k.readKey('${name}'))`)).toBe('undefined');
  },
);

claim('credentials/logout-invalidates', async () => {
  const env = {
    SYNSC_TOKEN: await dashboard.completeDeviceFlow(cookie),
    SYNSC_DASHBOARD_URL: dashboard.url,
    SYNSC_CA_SHA256: dashboard.caSha256,
  };
  expect(await new Run(['connect', 'logout'], env).code).toBe(0);
  expect(await new Run(['launch', '--', 'true'], env).code).toBe(3);
});

claim('security/polls-until-token', async () => {
  const run = login('--json');
  const { userCode } = await codeOf(run);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(run.child.exitCode).toBeNull(); // it waits as long as nobody has decided
  await decide(userCode, 'approve');
  expect(await run.code).toBe(0); // and stops as soon as somebody has
});

claim('security/headless', async () => {
  const run = new Run(['connect', 'login', ...pinned(), '--json'], { DISPLAY: '', TERM: 'dumb' });
  await decide((await codeOf(run)).userCode, 'approve'); // by another client, anywhere
  expect(await run.code).toBe(0);
});
