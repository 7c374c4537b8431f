import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { claim } from '../../support/claim.ts';
import { startTestDashboard, type TestDashboard } from '../../support/dashboard.ts';
import { startLossyProxy } from './lossyProxy.ts';
import { codeOf, Run } from './run.ts';

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
