import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { machineAccess } from '../../../src/account/access.ts';
import { DashboardClient } from '../../../src/account/dashboard-client.ts';
import type { StoredSignIn } from '../../../src/account/token-store.ts';
import { Secret } from '../../../src/secret.ts';
import { claim } from '../../support/claim.ts';
import { startTestDashboard, type TestDashboard } from '../../support/dashboard.ts';
import { startLossyProxy } from './lossyProxy.ts';
import { codeOf, Run } from './run.ts';

/** Each command is a process of its own, several at once. */
vi.setConfig({ testTimeout: 120_000 });

let dashboard: TestDashboard;
let proxy: Awaited<ReturnType<typeof startLossyProxy>>;
let cookie: string;
let home: string;

beforeAll(async () => {
  dashboard = await startTestDashboard({ database: 'pglite', config: { pollInterval: 1 } });
  proxy = await startLossyProxy(dashboard);
  cookie = await dashboard.signUp('ada@example.com');
});
afterAll(async () => {
  await proxy?.close();
  await dashboard?.close();
});
beforeEach(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'home-'));
  expect(await (await signIn()).code).toBe(0);
});
afterEach(async () => {
  await run(['connect', 'logout']).code; // the kernel keyring belongs to the user
  rmSync(home, { recursive: true, force: true });
});

const run = (args: string[], extra: Record<string, string> = {}) => new Run(home, args, extra);

async function signIn(): Promise<Run> {
  const pinned = ['--dashboard', proxy.url, '--ca-sha256', dashboard.caSha256];
  const signing = run(['connect', 'login', ...pinned, '--no-browser', '--json']);
  const { userCode } = await codeOf(signing);
  await dashboard.form('/device', { user_code: userCode }, cookie);
  await dashboard.form('/device/confirm', { action: 'approve' }, cookie);
  return signing;
}

const status = async () => run(['connect', 'status']).code;

claim('credentials/login-once', async () => {
  for (let count = 0; count < 3; count += 1) expect(await status()).toBe(0);
  const renewals = proxy.asked.filter((asked) => asked === '/oauth/token');
  expect(renewals.length).toBeGreaterThan(3);
});

test('sessions that start at once all get in, and stay signed in', async () => {
  const starts = Array.from({ length: 6 }, () => run(['launch', '--', 'true']));
  expect(await Promise.all(starts.map(({ code }) => code))).toEqual(Array(6).fill(0));
  expect(await status()).toBe(0);
});

test('an answer that was lost on its way is asked for again', async () => {
  proxy.lose('/oauth/token', 2);
  expect(await status()).toBe(125);
  expect(await status()).toBe(125);
  expect(await status()).toBe(0);
  expect(await status()).toBe(0);
});

test('signing out works in the middle of a lost refresh', async () => {
  proxy.lose('/oauth/token', 1);
  expect(await status()).toBe(125);
  const logout = run(['connect', 'logout']);
  expect(await logout.code).toBe(0);
  expect(logout.stderr).toBe('signed out\n');
  const { text } = await dashboard.ask('/devices', { headers: { cookie } });
  expect(text).not.toContain('/revoke'); // no machine is left to revoke
  expect(await status()).toBe(3);
});

test('a machine that was revoked in the browser is told to sign in', async () => {
  const { text } = await dashboard.ask('/devices', { headers: { cookie } });
  for (const [, id] of text.matchAll(/\/devices\/([\w-]{36})\/revoke/g)) {
    await dashboard.form(`/devices/${id}/revoke`, {}, cookie);
  }
  const after = run(['connect', 'status']);
  expect(await after.code).toBe(3);
  expect(after.stderr).toMatch(/^synsc: .*revoked.*\nhint: .*synsc connect login/);
});

test('the first sign-in of a machine with an account names the account and warns', async () => {
  const flags = ['--dashboard', proxy.url, '--ca-sha256', dashboard.caSha256, '--no-browser'];
  const other = await dashboard.signUp(`eve-${Date.now()}@example.com`);
  const warnings: boolean[] = [];
  for (const visitor of [cookie, other, other]) {
    const signing = run(['connect', 'login', ...flags]);
    await expect.poll(() => signing.stderr, { timeout: 20_000 }).toMatch(/[A-Z]{4}-[A-Z]{4}/);
    const user_code = /[A-Z]{4}-[A-Z]{4}/.exec(signing.stderr)?.[0] ?? '';
    await dashboard.form('/device', { user_code }, visitor);
    await dashboard.form('/device/confirm', { action: 'approve' }, visitor);
    expect(await signing.code).toBe(0);
    expect(signing.stderr).toMatch(/signed in as (ada|eve-\d+)@example\.com/);
    warnings.push(signing.stderr.includes('if it is not yours'));
  }
  expect(warnings).toEqual([false, true, false]);
});

test('signing in again ends the sign-in that it replaces', async () => {
  const live = async () => {
    const { text } = await dashboard.ask('/devices', { headers: { cookie } });
    return [...text.matchAll(/\/devices\/[\w-]{36}\/revoke/g)].length;
  };
  const before = await live();
  expect(await (await signIn()).code).toBe(0);
  expect(await live()).toBe(before);
  expect(await status()).toBe(0);
});

test('a token for CI signs in again and again, until it is revoked', async () => {
  const form = { name: 'nightly', days: '7' };
  const made = await dashboard.form('/devices/tokens', form, cookie);
  const env = {
    SYNSC_TOKEN: JSON.parse(made.text).token as string,
    SYNSC_DASHBOARD_URL: proxy.url,
    SYNSC_CA_SHA256: dashboard.caSha256,
  };
  expect(env.SYNSC_TOKEN).toMatch(/^synsc_ci\.[\w-]{43}$/);
  const seen = "console.log(Object.keys(process.env).includes('SYNSC_TOKEN'))";
  const launch = run(['launch', '--', process.execPath, '-e', seen], env);
  expect([await launch.code, launch.stdout]).toEqual([0, 'false\n']);
  expect(await run(['connect', 'status'], env).code).toBe(0);
  expect(await run(['connect', 'logout'], env).code).toBe(0);
  expect(await run(['connect', 'status'], env).code).toBe(3);
  expect(await status()).toBe(0); // the stored sign-in is another one
});

test('what began with one sign-in does not go on with another', async () => {
  const kept = { id: 'one', refreshToken: new Secret(Buffer.from('first')), where: 'keychain' };
  const stored = { ...kept, id: 'two' } as StoredSignIn;
  const written: unknown[] = [];
  const access = machineAccess(
    'one',
    {
      read: async () => stored,
      write: async (signIn) => written.push(signIn),
      forget: async () => void written.push('forgotten'),
    },
    { XDG_RUNTIME_DIR: home },
  );
  const client = new DashboardClient({ url: proxy.url, ca: dashboard.caCertificate, access });
  const asked = proxy.asked.length;
  await expect(client.status()).rejects.toMatchObject({ code: 'NOT_SIGNED_IN' });
  client.close();
  expect(proxy.asked.length).toBe(asked);
  expect(written).toEqual([]);
});
