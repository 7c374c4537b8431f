import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbedded } from '../../src/dashboard/store/embedded.ts';
import type { Engine } from '../../src/dashboard/store/engine.ts';
import { openEnvelope } from '../../src/dashboard/store/envelope.ts';
import { checkRowSecurity } from '../../src/dashboard/store/migrate.ts';
import { openPostgres } from '../../src/dashboard/store/postgres.ts';
import { openStore, type Store, signClaims } from '../../src/dashboard/store/store.ts';
import { claim } from '../support/claim.ts';
import { postgresPrograms, startPostgres, type TestPostgres } from '../support/postgres.ts';

const databases = postgresPrograms() ? (['pglite', 'postgres'] as const) : (['pglite'] as const);

describe.each(databases)('row-level security on %s', (database) => {
  const [alice, bob] = [randomUUID(), randomUUID()];
  let directory = '';
  let postgres: TestPostgres | undefined;
  let engine: Engine;
  let store: Store;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'synsc-rows-'));
    if (database === 'postgres') postgres = await startPostgres();
    engine = postgres ? await openPostgres(postgres.url, String) : await openEmbedded(directory);
    store = await openStore(engine, randomBytes(32));
    for (const id of [alice, bob]) {
      await store.tx(null, (query) => query('signUp', [id, `${id}@example.org`, 'x']));
      await store.tx(id, (query) => query('startSession', [null, '/tmp', 'host']));
    }
  });
  afterAll(async () => {
    await store?.close();
    await postgres?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const sessionsWith = (claims: string) =>
    engine.transaction(async (run) => {
      await run('SET LOCAL ROLE synsc_app');
      await run(`SELECT set_config('synsc.claims', $1, true)`, [claims]);
      return run('SELECT user_id FROM app.cli_sessions');
    });

  claim('security/row-level-security', async () => {
    expect(await store.tx(alice, (query) => query('sessions'))).toHaveLength(1);
    expect(await store.tx(null, (query) => query('sessions'))).toHaveLength(0);
  });

  test('refuses forged claims', async () => {
    await expect(sessionsWith(signClaims(alice, randomBytes(32)))).rejects.toMatchObject({
      code: '28000',
    });
  });

  test('refuses to run when a user table is not forced', async () => {
    await checkRowSecurity(engine);
    await engine.script('CREATE TABLE app.stray (id int)');
    await expect(checkRowSecurity(engine)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await engine.script('DROP TABLE app.stray');
  });
});

test('a stored value opens in its own place only', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'synsc-keys-'));
  const envelope = await openEnvelope(directory);
  const place = {
    ...{ user: randomUUID(), credential: randomUUID(), provider: 'wandb' },
    ...{ field: 'WANDB_API_KEY', version: 1 },
  };
  const stored = await envelope.seal(place, Buffer.from('value'));
  expect((await envelope.open(place, stored)).toString()).toBe('value');
  for (const moved of [
    { user: randomUUID() },
    { credential: randomUUID() },
    { provider: 'aws' },
    { field: 'HF_TOKEN' },
    { version: 2 },
  ]) {
    await expect(envelope.open({ ...place, ...moved }, stored)).rejects.toThrow('does not open');
  }
  await rm(directory, { recursive: true });
});
