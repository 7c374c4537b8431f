import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestDashboard, type TestDashboard } from '../support/dashboard.ts';
import { databases } from '../support/store.ts';

/** Passwords are slow on purpose, and the machine may be busy. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const value = 'hf_SENTINELsentinelSENTINEL0001';
const nobody = '00000000-0000-4000-8000-000000000000';

describe.each(databases)('somebody else on %s', (database) => {
  let dashboard: TestDashboard;
  let alice = '';
  let mallory = '';
  beforeAll(async () => {
    dashboard = await startTestDashboard({ database });
    alice = await dashboard.signUp('alice@example.org');
    mallory = await dashboard.signUp('mallory@example.org');
  });
  afterAll(() => dashboard?.close());

  const page = (path: string, cookie: string) => dashboard.ask(path, { headers: { cookie } });
  const start = async (token: string) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ label: 'private', directory: '/secret', hostname: 'h' });
    const answer = await dashboard.ask('/api/cli/sessions', { method: 'POST', headers, body });
    return String(JSON.parse(answer.text).id);
  };
  const requestCode = async () =>
    JSON.parse(
      (await dashboard.form('/oauth/device_authorization', { client_id: 'synsc-cli' })).text,
    ) as { user_code: string; device_code: string };

  test('gets the same answer for what is not theirs as for what is not there', async () => {
    const token = await dashboard.completeDeviceFlow(alice);
    const session = await start(token);
    const devices = await page('/devices', alice);
    const device = /\/devices\/([0-9a-f-]{36})\/revoke/.exec(devices.text)?.[1] ?? '';
    expect((await page(`/sessions/${session}`, alice)).text).toContain('/secret');
    const asked = (id: string, cookie: string) =>
      Promise.all([
        page(`/sessions/${id}`, cookie),
        dashboard.form(`/devices/${id}/revoke`, {}, cookie),
        dashboard.form(`/account/passkeys/${id}/delete`, {}, cookie),
      ]);
    const none = await asked(nobody, mallory);
    for (const id of [session, device]) {
      const answers = await asked(id, mallory);
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
      expect(answers.map(({ text }) => text)).toEqual(none.map(({ text }) => text));
    }
    const headers = { authorization: `Bearer ${token}` };
    expect((await dashboard.ask('/api/cli/status', { headers })).status).toBe(200);
  });

  test('cannot take, decide or tell a code that another account has entered', async () => {
    const { user_code } = await requestCode();
    await dashboard.form('/device', { user_code }, alice);
    const taken = await dashboard.form('/device', { user_code }, mallory);
    const wrong = await dashboard.form('/device', { user_code: 'ZZZZ-ZZZZ' }, mallory);
    expect([taken.status, taken.text]).toEqual([404, wrong.text]);
    const decided = await dashboard.form('/device/confirm', { action: 'approve' }, mallory);
    expect(decided.status).toBe(404);
    expect((await page('/device/confirm', alice)).text).toContain(user_code);
  });

  test('is not told whether an address has an account, by signing in', async () => {
    const answers = await Promise.all(
      ['alice@example.org', 'nobody@example.org'].map((email) =>
        dashboard.form('/sign-in', { email, password: 'wrong password' }),
      ),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  });

  test('gives no cookie of their own choice to who signs in', async () => {
    const planted = '__Host-synsc=planted-by-somebody-else';
    const form = { email: 'alice@example.org', password: 'correct horse battery' };
    const answer = await dashboard.form('/sign-in', form, planted);
    const given = String(answer.headers['set-cookie']).split(';')[0];
    expect(given).toMatch(/^__Host-synsc=[\w-]{43}$/);
    expect((await page('/credentials', planted)).status).toBe(303);
  });

  test('has nothing of a cookie that was signed out', async () => {
    const form = { email: 'alice@example.org', password: 'correct horse battery' };
    const answer = await dashboard.form('/sign-in', form);
    const cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
    expect((await page('/credentials', cookie)).status).toBe(200);
    await dashboard.form('/sign-out', {}, cookie);
    expect((await page('/credentials', cookie)).status).toBe(303);
    expect((await page('/credentials', alice)).status).toBe(200);
  });

  test('is refused where the browser says that another site sent the form', async () => {
    for (const site of ['cross-site', 'same-site', 'none']) {
      const answer = await dashboard.ask('/credentials/wandb/delete', {
        method: 'POST',
        headers: { cookie: alice, origin: dashboard.url, 'sec-fetch-site': site },
      });
      expect(answer.status, site).toBe(403);
    }
  });

  test('finds nothing of an account that was deleted, but can have its address', async () => {
    const email = 'carol@example.org';
    const keys = async () => (await readdir(join(dashboard.data, 'keys', 'users'))).length;
    const before = await keys();
    const carol = await dashboard.signUp(email);
    await dashboard.putCredential(carol, 'huggingface', { HF_TOKEN: value });
    const token = await dashboard.completeDeviceFlow(carol);
    expect(await keys()).toBe(before + 1);
    const gone = await dashboard.form('/account/delete', { confirmation: email }, carol);
    expect(gone.status).toBe(200);
    expect(await keys()).toBe(before);
    expect((await page('/credentials', carol)).status).toBe(303);
    const headers = { authorization: `Bearer ${token}` };
    expect((await dashboard.ask('/api/cli/status', { headers })).status).toBe(401);
    const again = await dashboard.signUp(email);
    for (const path of ['/credentials', '/devices', '/sessions', '/audit']) {
      const { status, text } = await page(path, again);
      expect([status, /Version 1|SENTINEL|Signed in<|title="credential\.set"/.test(text)]).toEqual([
        200,
        false,
      ]);
    }
  });
});
