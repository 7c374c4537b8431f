import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { credentials } from '../../src/dashboard/store/credentials.ts';
import { claim } from '../support/claim.ts';
import { startTestDashboard, type TestDashboard } from '../support/dashboard.ts';
import { databases, openTestStore, type TestStore } from '../support/store.ts';

const value = 'hf_SENTINELsentinelSENTINEL0002';

describe.each(databases)('a stored credential on %s', (database) => {
  const [alice, bob] = [randomUUID(), randomUUID()];
  let it: TestStore;

  beforeAll(async () => {
    it = await openTestStore(database);
    for (const id of [alice, bob]) await it.addUser(id);
    const user = { id: alice, email: `${alice}@example.org` };
    await credentials(it).saveCredential(user, 'huggingface', { HF_TOKEN: value });
  });
  afterAll(() => it?.close());

  const rowsAs = (role: string) =>
    it.engine.owner(async (run) => {
      await run(`SET LOCAL ROLE ${role}`);
      return run('SELECT * FROM app.credential_fields');
    });

  claim('security/admin-cannot-read', async () => {
    await it.engine.owner((run) => run('CREATE ROLE admin NOLOGIN CREATEROLE NOBYPASSRLS'));
    await expect(rowsAs('admin')).rejects.toMatchObject({ code: '42501' });
    await it.engine.owner((run) =>
      run('GRANT USAGE ON SCHEMA app TO admin; GRANT SELECT ON ALL TABLES IN SCHEMA app TO admin'),
    );
    expect(await rowsAs('admin')).toEqual([]);
  });

  claim('security/lives-in-account', async () => {
    const stored = await it.engine.owner((run) => run('SELECT * FROM app.credential_fields'));
    expect(stored).toMatchObject([{ user_id: alice, name: 'HF_TOKEN' }]);
    const [{ sealed, wrapped_key, masked } = {}] = stored as Record<string, Uint8Array>[];
    expect(String(masked)).not.toContain('SENTINEL');
    for (const bytes of [sealed, wrapped_key]) {
      expect(Buffer.from(bytes ?? []).length).toBeGreaterThan(28);
      expect(Buffer.from(bytes ?? []).includes('SENTINEL')).toBe(false);
    }
  });

  claim('credentials/account-scoped', async () => {
    const fields = (user: string) =>
      it.store.tx(user, (query) => query<{ id: string }>('sealedFields'));
    expect(await fields(alice)).toHaveLength(1);
    expect(await fields(bob)).toEqual([]);
    const [slot] = await fields(alice);
    await it.store.tx(bob, (query) => query('deleteFields', [slot?.id]));
    expect(await fields(alice)).toHaveLength(1);
  });
});

describe.each(databases)('a bearer token on %s', (database) => {
  let dashboard: TestDashboard;
  beforeAll(async () => {
    dashboard = await startTestDashboard({ database });
  });
  afterAll(() => dashboard?.close());

  claim('security/token-bound-to-user', async () => {
    const emails = ['carol@example.org', 'dave@example.org'];
    const seen = async (token: string, headers: Record<string, string> = {}) => {
      const authorization = `Bearer ${token}`;
      const answer = await dashboard.ask('/api/cli/status', {
        headers: { ...headers, authorization },
      });
      return JSON.parse(answer.text).account?.email ?? answer.status;
    };
    const cookies: string[] = [];
    const tokens: string[] = [];
    for (const email of emails) {
      const cookie = await dashboard.signUp(email);
      cookies.push(cookie);
      tokens.push(await dashboard.completeDeviceFlow(cookie));
    }
    const [carol = '', dave = ''] = tokens;
    expect(carol).not.toBe(dave);
    expect([await seen(carol), await seen(dave)]).toEqual(emails);
    // the token decides, whoever's cookie comes with it
    expect(await seen(carol, { cookie: cookies[1] ?? '' })).toBe(emails[0]);
    const forged = carol.slice(0, -1) + (carol.endsWith('A') ? 'B' : 'A');
    expect(await seen(forged)).toBe(401);
  });
});
