import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { credentials } from '../../src/dashboard/store/credentials.ts';
import { openEmbedded } from '../../src/dashboard/store/embedded.ts';
import type { Engine } from '../../src/dashboard/store/engine.ts';
import { openEnvelope } from '../../src/dashboard/store/envelope.ts';
import { openPostgres } from '../../src/dashboard/store/postgres.ts';
import { openStore, type Store } from '../../src/dashboard/store/store.ts';
import { claim } from '../support/claim.ts';
import { startTestDashboard, type TestDashboard } from '../support/dashboard.ts';
import { postgresPrograms, startPostgres, type TestPostgres } from '../support/postgres.ts';

const databases = postgresPrograms() ? (['pglite', 'postgres'] as const) : (['pglite'] as const);
const value = 'hf_SENTINELsentinelSENTINEL0002';

describe.each(databases)('a stored credential on %s', (database) => {
  const [alice, bob] = [randomUUID(), randomUUID()];
  let directory = '';
  let postgres: TestPostgres | undefined;
  let engine: Engine;
  let store: Store;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'synsc-promises-'));
    if (database === 'postgres') postgres = await startPostgres();
    engine = postgres ? await openPostgres(postgres.url, String) : await openEmbedded(directory);
    store = await openStore(engine, randomBytes(32));
    for (const id of [alice, bob]) {
      await store.tx(null, (query) => query('signUp', [id, `${id}@example.org`, 'x']));
    }
    const context = { store, envelope: await openEnvelope(directory) };
    const slots = credentials({ ...context, codeLifetime: 900, pollInterval: 5 });
    const user = { id: alice, email: `${alice}@example.org` };
    await slots.saveCredential(user, 'huggingface', { HF_TOKEN: value });
  });
  afterAll(async () => {
    await store?.close();
    await postgres?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const rowsAs = (role: string) =>
    engine.transaction(async (run) => {
      await run(`SET LOCAL ROLE ${role}`);
      return run('SELECT * FROM app.credential_fields');
    });

  claim('security/admin-cannot-read', async () => {
    await engine.script('CREATE ROLE admin NOLOGIN CREATEROLE NOBYPASSRLS');
    await expect(rowsAs('admin')).rejects.toMatchObject({ code: '42501' });
    await engine.script(
      'GRANT USAGE ON SCHEMA app TO admin; GRANT SELECT ON ALL TABLES IN SCHEMA app TO admin',
    );
    expect(await rowsAs('admin')).toEqual([]);
  });

  claim('security/lives-in-account', async () => {
    const stored = await engine.transaction((run) => run('SELECT * FROM app.credential_fields'));
    expect(stored).toMatchObject([{ user_id: alice, name: 'HF_TOKEN' }]);
    const [{ sealed, wrapped_key, masked } = {}] = stored as Record<string, Uint8Array>[];
    expect(String(masked)).not.toContain('SENTINEL');
    for (const bytes of [sealed, wrapped_key]) {
      expect(Buffer.from(bytes ?? []).length).toBeGreaterThan(28);
      expect(Buffer.from(bytes ?? []).includes('SENTINEL')).toBe(false);
    }
  });

  claim('credentials/account-scoped', async () => {
    const fields = (user: string | null) => store.tx(user, (query) => query('sealedFields'));
    expect(await fields(alice)).toHaveLength(1);
    expect(await fields(bob)).toEqual([]);
    expect(await fields(null)).toEqual([]);
    const [slot] = await store.tx(alice, (query) => query<{ id: string }>('sealedFields'));
    await store.tx(bob, (query) => query('deleteFields', [slot?.id]));
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
