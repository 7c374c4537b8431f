import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { backup, check, restore } from '../../src/dashboard/admin/commands.ts';
import { verify } from '../../src/dashboard/admin/verify.ts';
import { shredOrphans } from '../../src/dashboard/store/deletion.ts';
import { openEmbedded } from '../../src/dashboard/store/embedded.ts';
import { openKeyring } from '../../src/dashboard/store/keyring.ts';
import { openPostgres } from '../../src/dashboard/store/postgres.ts';
import { openStore } from '../../src/dashboard/store/store.ts';
import { copyDatabase } from '../support/embedded.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startDashboardProcess } from '../support/process.ts';
import { databases, openTestStore } from '../support/store.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const migrations = new URL('../../src/dashboard/store/migrations/', import.meta.url);

describe.runIf(databases.includes('postgres'))('a database owner who is no superuser', () => {
  let folder = '';
  let postgres: TestPostgres;
  let url = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'synsc-owner-'));
    postgres = await startPostgres();
    const client = new pg.Client(postgres.url);
    await client.connect();
    await client.query(`CREATE ROLE managed LOGIN CREATEROLE NOSUPERUSER NOBYPASSRLS`);
    for (const name of ['one', 'two']) await client.query(`CREATE DATABASE ${name} OWNER managed`);
    await client.end();
    url = postgres.url.replace('postgres@', 'managed@').replace(/\/postgres$/, '/one');
  });
  afterAll(async () => {
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('can run, check, back up and restore a dashboard, and start it again', async () => {
    const place = { data: join(folder, 'one'), databaseUrl: url };
    const dashboard = await startDashboardProcess(place);
    const cookie = await dashboard.signUp('alice@example.org');
    const saved = await dashboard.putCredential(cookie, 'huggingface', {
      HF_TOKEN: 'hf_SENTINELsentinelSENTINEL0001',
    });
    expect(saved.status).toBe(200);
    expect(await dashboard.end()).toBe(0);
    expect(await check(place)).toMatchObject({ faults: [], unopened: [], values: 1 });
    await backup(join(folder, 'backup'), place, false);
    const other = { data: join(folder, 'two'), databaseUrl: url.replace(/\/one$/, '/two') };
    await restore(join(folder, 'backup'), other, false);
    expect(await check(other)).toMatchObject({ faults: [], unopened: [], values: 1 });
    const again = await startDashboardProcess(other);
    expect((await again.ask('/health')).status).toBe(200);
    await again.end();
  });
});

test.each(databases)('a trail from before the chain is linked on %s', async (database) => {
  const directory = await mkdtemp(join(tmpdir(), 'synsc-old-'));
  const postgres = database === 'postgres' ? await startPostgres() : undefined;
  if (!postgres) await copyDatabase(directory);
  const engine = postgres
    ? await openPostgres(postgres.url, String)
    : await openEmbedded(directory);
  try {
    await engine.owner(async (run) => {
      await run('CREATE SCHEMA priv; CREATE TABLE priv.migrations (name text PRIMARY KEY)');
      for (const name of ['001-accounts-and-credentials.sql', '002-lookups.sql']) {
        await run(await readFile(new URL(name, migrations), 'utf8'));
        await run('INSERT INTO priv.migrations (name) VALUES ($1)', [name]);
      }
      await run(`INSERT INTO app.audit (user_id, action, target, outcome, address)
        SELECT CASE WHEN n % 3 = 0 THEN NULL ELSE '${randomUUID()}'::uuid END, 'x', n::text, 'ok', ''
        FROM generate_series(1, 30) AS s (n)`);
    });
    const keyring = await openKeyring(join(directory, 'keys'));
    await openStore(engine, keyring.secret);
    expect(await verify(engine, keyring)).toMatchObject({
      audit: { rows: 30, chains: 2 },
      faults: [],
    });
  } finally {
    await engine.close();
    await postgres?.stop();
    await rm(directory, { recursive: true, force: true });
  }
});

test('a key whose account is gone is shredded at the start, the others stay', async () => {
  const it = await openTestStore('pglite');
  try {
    const [user, gone] = [await it.addUser(randomUUID()), randomUUID()];
    await it.keyring.findOrCreate(user);
    await it.keyring.findOrCreate(gone);
    await shredOrphans(it);
    expect(await it.keyring.users()).toEqual([user]);
  } finally {
    await it.close();
  }
});
