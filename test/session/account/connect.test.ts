import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { claim } from '../../support/claim.ts';
import { startTestDashboard, type TestDashboard } from '../../support/dashboard.ts';
import { codeOf, filesBelow, listens, Run } from './run.ts';

/** Each command is a process of its own. */
vi.setConfig({ testTimeout: 120_000 });

let dashboard: TestDashboard;
let cookie: string;
let home: string;

beforeAll(async () => {
  dashboard = await startTestDashboard({
    database: 'pglite',
    config: { pollInterval: 1 },
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
  if (existsSync(path.join(home, 'config'))) await run(['connect', 'logout']).code;
  rmSync(home, { recursive: true, force: true });
});
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'home-'));
});

const run = (args: string[], extra: Record<string, string> = {}) => new Run(home, args, extra);
const pinned = () => [
  '--dashboard',
  dashboard.url,
  '--ca-sha256',
  dashboard.caSha256,
  '--no-browser',
];
const login = (...more: string[]) => run(['connect', 'login', ...pinned(), ...more]);

async function decide(userCode: string, action: 'approve' | 'deny'): Promise<void> {
  await dashboard.form('/device', { user_code: userCode }, cookie);
  await dashboard.form('/device/confirm', { action }, cookie);
}

async function signIn(): Promise<Run> {
  const signing = login('--json');
  await decide((await codeOf(signing)).userCode, 'approve');
  expect(await signing.code).toBe(0);
  return signing;
}

claim('security/device-flow', async () => {
  const signing = await signIn();
  const [first, last] = signing.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  const { userCode } = await codeOf(signing);
  expect(userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  expect(first).toEqual({
    verificationUri: `${dashboard.url}/device`,
    verificationUriComplete: `${dashboard.url}/device?user_code=${userCode}`,
    userCode,
    expiresIn: 900,
  });
  expect(last).toEqual({ account: { email: 'ada@example.com' } });
  const status = run(['connect', 'status', '--json']);
  expect(await status.code).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({
    account: { email: 'ada@example.com' },
    dashboard: dashboard.url,
    credentials: [{ name: 'LAMBDA_API_KEY', provider: 'lambda', source: 'dashboard', version: 1 }],
    sessions: expect.any(Array), // any session of this user on this machine
  });
  expect(status.stdout).not.toContain('secret_EXAMPLE');
});

test('status for people; a later launch in another process finds the token', async () => {
  await signIn();
  const status = run(['connect', 'status']);
  expect(await status.code).toBe(0);
  expect(status.stdout).toBe('');
  expect(status.stderr).toContain(
    `ada@example.com at ${dashboard.url}\n  LAMBDA_API_KEY (lambda) ••••l_03 version 1, changed today\n`,
  );
  const launch = run(['launch', '--', process.execPath, '-e', 'console.log(1)']);
  expect(await launch.code).toBe(0);
  expect(launch.stdout).toBe('1\n');
});

claim('security/prints-url-and-code', async () => {
  const signing = login();
  await expect
    .poll(() => signing.stderr, { timeout: 60_000 })
    .toMatch(/https:\/\/localhost:\d+\/device/);
  expect(signing.stderr).toMatch(/[A-Z]{4}-[A-Z]{4}/);
  expect(signing.stdout).toBe('');
  signing.child.kill('SIGINT');
  expect(await signing.code).toBe(130);
  const status = run(['connect', 'status']);
  expect(await status.code).toBe(3);
});

claim('security/no-callback-server', async () => {
  const signing = login('--json');
  await codeOf(signing);
  expect(listens(process.pid)).toBe(true); // the dashboard of this test: listeners are seen
  expect(listens(signing.child.pid)).toBe(false);
  signing.child.kill('SIGINT');
  await signing.code;
});

claim('security/logout-login-rotates', async () => {
  await signIn();
  const logout = run(['connect', 'logout']);
  expect(await logout.code).toBe(0);
  const status = run(['connect', 'status']);
  expect(await status.code).toBe(3);
  expect(status.stderr).toMatch(/^synsc: .+\nhint: .+synsc connect login.+\n$/);
  await signIn();
});

claim('security/never-writes-disk', async () => {
  const token = await dashboard.completeDeviceFlow(cookie);
  const signing = await signIn();
  expect(signing.stdout).not.toContain('synsc_');
  const files = filesBelow(home);
  expect(files).toContain(dashboard.url);
  expect(files).toContain('BEGIN CERTIFICATE');
  expect(files).not.toContain('synsc_');
  expect(token).toMatch(/^synsc_/); // what a token looks like
});

describe('a login that does not succeed', () => {
  test('denied: exit 4', async () => {
    const signing = login('--json');
    await decide((await codeOf(signing)).userCode, 'deny');
    expect(await signing.code).toBe(4);
    expect(signing.stdout).toContain('LOGIN_DENIED');
  });

  test('expired: exit 4', async () => {
    const short = await startTestDashboard({
      database: 'pglite',
      config: { pollInterval: 1, codeLifetime: 3 },
    });
    const flags = ['--dashboard', short.url, '--ca-sha256', short.caSha256, '--no-browser'];
    const signing = run(['connect', 'login', ...flags]);
    expect(await signing.code).toBe(4);
    expect(signing.stderr).toContain('expired');
    await short.close();
  });

  test('another certificate authority than the pinned one: exit 125, and its fingerprint', async () => {
    const signing = run([
      'connect',
      'login',
      '--dashboard',
      dashboard.url,
      '--ca-sha256',
      '0'.repeat(64),
      '--json',
    ]);
    expect(await signing.code).toBe(125);
    const { error } = JSON.parse(signing.stdout);
    expect(error.code).toBe('UNTRUSTED_DASHBOARD');
    expect(error.message).toContain(dashboard.caSha256);
    expect(error.hint).toContain('--ca-sha256');
  });

  test('an unknown certificate authority: exit 125, and its fingerprint', async () => {
    const signing = run(['connect', 'login', '--dashboard', dashboard.url]);
    expect(await signing.code).toBe(125);
    expect(signing.stderr).toContain(dashboard.caSha256);
    expect(signing.stderr).toContain('--ca-sha256');
  });

  test('nobody there: exit 125', async () => {
    const signing = run(['connect', 'login', '--dashboard', 'https://localhost:1']);
    expect(await signing.code).toBe(125);
    expect(signing.stderr).toMatch(/^synsc: cannot reach .+\nhint: .+\n$/);
  });

  test('no TLS: exit 2', async () => {
    const signing = run(['connect', 'login', '--dashboard', 'http://localhost:1']);
    expect(await signing.code).toBe(2);
  });
});

claim('credentials/bearer-token', async () => {
  const token = await dashboard.completeDeviceFlow(cookie);
  const env = {
    SYNSC_TOKEN: token,
    SYNSC_DASHBOARD_URL: dashboard.url,
    SYNSC_CA_SHA256: dashboard.caSha256,
  };
  const status = run(['connect', 'status', '--json'], env);
  expect(await status.code).toBe(0);
  await dashboard.form('/oauth/revoke', { token, client_id: 'synsc-cli' });
  const after = run(['connect', 'status'], env);
  expect(await after.code).toBe(3);
  expect(readdirSync(home)).not.toContain('config');
  expect(await run(['connect', 'status'], { ...env, SYNSC_TOKEN: '' }).code).toBe(3);
});

test('logout without an answer forgets the token here and says that it lives there', async () => {
  const own = await startTestDashboard({ database: 'pglite', config: { pollInterval: 1 } });
  const visitor = await own.signUp('bob@example.com');
  const signing = run([
    'connect',
    'login',
    '--dashboard',
    own.url,
    '--ca-sha256',
    own.caSha256,
    '--json',
  ]);
  const { userCode } = await codeOf(signing);
  await own.form('/device', { user_code: userCode }, visitor);
  await own.form('/device/confirm', { action: 'approve' }, visitor);
  expect(await signing.code).toBe(0);
  await own.close();
  const logout = run(['connect', 'logout']);
  expect(await logout.code).toBe(0);
  expect(logout.stderr).toContain('until it expires');
  expect(await run(['connect', 'logout']).code).toBe(3);
});

claim('credentials/logout-invalidates', async () => {
  const env = {
    SYNSC_TOKEN: await dashboard.completeDeviceFlow(cookie),
    SYNSC_DASHBOARD_URL: dashboard.url,
    SYNSC_CA_SHA256: dashboard.caSha256,
  };
  expect(await run(['connect', 'logout'], env).code).toBe(0);
  expect(await run(['launch', '--', 'true'], env).code).toBe(3);
});

claim('security/polls-until-token', async () => {
  const signing = login('--json');
  const { userCode } = await codeOf(signing);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(signing.child.exitCode).toBeNull(); // it waits as long as nobody has decided
  await decide(userCode, 'approve');
  expect(await signing.code).toBe(0); // and stops as soon as somebody has
});

claim('security/headless', async () => {
  const signing = run(['connect', 'login', ...pinned(), '--json'], { DISPLAY: '', TERM: 'dumb' });
  await decide((await codeOf(signing)).userCode, 'approve'); // by another client, anywhere
  expect(await signing.code).toBe(0);
});

claim('security/verification-url', async () => {
  const own = await startTestDashboard({ database: 'pglite' });
  const flags = ['--dashboard', own.url, '--ca-sha256', own.caSha256, '--no-browser', '--json'];
  const signing = run(['connect', 'login', ...flags]);
  const { verificationUri, expiresIn } = await codeOf(signing);
  expect(expiresIn).toBe(15 * 60);
  expect(verificationUri.startsWith(`${own.url}/`)).toBe(true);
  const page = await own.ask(new URL(verificationUri).pathname, {
    headers: { cookie: await own.signUp('bob@example.com') },
  });
  expect(page.status).toBe(200);
  expect(page.text).toContain('name="user_code"');
  signing.child.kill('SIGINT');
  await signing.code;
  await own.close();
});
