import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateSealingKeys, open, sharedKey } from '../../protocol/dashboard/sealing.ts';
import { claim } from '../support/claim.ts';
import { tokenRequest } from '../support/client.ts';
import { startTestDashboard, type TestDashboard } from '../support/dashboard.ts';
import { postgresPrograms } from '../support/postgres.ts';

const databases = postgresPrograms() ? (['pglite', 'postgres'] as const) : (['pglite'] as const);
const value = 'hf_SENTINELsentinelSENTINEL0001';

describe.each(databases)('dashboard on %s', (database) => {
  let dashboard: TestDashboard;
  let alice = '';
  let bob = '';
  beforeAll(async () => {
    dashboard = await startTestDashboard({ database });
    alice = await dashboard.signUp('alice@example.org');
    bob = await dashboard.signUp('bob@example.org');
  });
  afterAll(() => dashboard?.close());

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const json = (token: string) => ({ ...bearer(token), 'content-type': 'application/json' });

  async function requestCode(): Promise<{ device_code: string; user_code: string }> {
    const answer = await dashboard.form('/oauth/device_authorization', { client_id: 'synsc-cli' });
    return JSON.parse(answer.text);
  }

  async function poll(deviceCode: string): Promise<string> {
    const answer = await dashboard.form('/oauth/token', tokenRequest(deviceCode));
    return JSON.parse(answer.text).error ?? 'ok';
  }

  claim('credentials/two-local-users', async () => {
    const saved = await dashboard.putCredential(alice, 'huggingface', { HF_TOKEN: value });
    expect(saved.status).toBe(200);
    const tokens = [
      await dashboard.completeDeviceFlow(alice),
      await dashboard.completeDeviceFlow(bob),
    ];
    const keys = generateSealingKeys();
    const body = JSON.stringify({ publicKey: keys.publicKey });
    const [own, other] = await Promise.all(
      tokens.map(async (token) =>
        dashboard.ask('/api/cli/sync', { method: 'POST', headers: json(token), body }),
      ),
    );
    expect(own?.text).not.toContain(value);
    const answer = JSON.parse(own?.text ?? '');
    const [credential] = answer.credentials;
    const context = { accountId: answer.account.id, name: 'HF_TOKEN', version: 1 };
    const key = sharedKey(keys, answer.publicKey, 'session');
    expect(open(key, credential, context).toString()).toBe(value);
    expect(JSON.parse(other?.text ?? '').credentials).toEqual([]);
  });

  claim('credentials/encrypted-at-rest', async () => {
    const files = await readdir(dashboard.data, { recursive: true, withFileTypes: true });
    const regular = files.filter((entry) => entry.isFile());
    expect(regular.length).toBeGreaterThan(3);
    for (const entry of regular) {
      const bytes = await readFile(join(entry.parentPath, entry.name));
      expect(bytes.includes(value), entry.name).toBe(false);
    }
  });

  test('tells a client that polls too fast to slow down', async () => {
    const { device_code } = await requestCode();
    expect(await poll(device_code)).toBe('authorization_pending');
    expect(await poll(device_code)).toBe('slow_down');
  });

  test('redeems a code once among parallel polls', async () => {
    const { device_code, user_code } = await requestCode();
    await dashboard.form('/device', { user_code }, alice);
    await dashboard.form('/device/confirm', { action: 'approve' }, alice);
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => poll(device_code)));
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
  });

  test('reports a denied request', async () => {
    const { device_code, user_code } = await requestCode();
    await dashboard.form('/device', { user_code }, alice);
    await dashboard.form('/device/confirm', { action: 'deny' }, alice);
    expect(await poll(device_code)).toBe('access_denied');
  });

  test('refuses a token request in JSON', async () => {
    const answer = await dashboard.ask('/oauth/token', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(tokenRequest('x')),
    });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text).error).toBe('invalid_request');
  });

  test('ends a token when it is revoked', async () => {
    const token = await dashboard.completeDeviceFlow(alice);
    const before = await dashboard.ask('/api/cli/status', { headers: bearer(token) });
    await dashboard.form('/oauth/revoke', { client_id: 'synsc-cli', token });
    const after = await dashboard.ask('/api/cli/status', { headers: bearer(token) });
    expect([before.status, after.status]).toEqual([200, 401]);
    expect(after.headers['www-authenticate']).toBe('Bearer realm="synsc", error="invalid_token"');
  });

  claim('security/rejects-other-user', async () => {
    const mine = await dashboard.completeDeviceFlow(alice);
    const theirs = await dashboard.completeDeviceFlow(bob);
    const started = await dashboard.ask('/api/cli/sessions', {
      method: 'POST',
      headers: json(mine),
      body: JSON.stringify({ directory: '/tmp', hostname: 'host' }),
    });
    const { id } = JSON.parse(started.text);
    const patch = (path: string, token: string) =>
      dashboard.ask(path, { method: 'PATCH', headers: json(token), body: '{"ended":true}' });
    const other = await patch(`/api/cli/sessions/${id}`, theirs);
    const unknown = await patch('/api/cli/sessions/nothing', theirs);
    const own = await patch(`/api/cli/sessions/${id}`, mine);
    expect([other.status, unknown.status, own.status]).toEqual([404, 404, 200]);
    expect(other.text).toBe(unknown.text);
  });
});
