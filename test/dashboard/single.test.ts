import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Statement } from '../../src/dashboard/store/engine.ts';
import { signClaims } from '../../src/dashboard/store/store.ts';
import { databases, openTestStore, type TestStore } from '../support/store.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

describe.each(databases)('a statement by itself on %s', (database) => {
  let it: TestStore;
  let alice = '';
  let bob = '';
  const directories = async (user: string) =>
    (await it.store.one<{ directory: string }>(user, 'sessions', [null])).map(
      (row) => row.directory,
    );

  beforeAll(async () => {
    it = await openTestStore(database);
    [alice, bob] = [await it.addUser(randomUUID()), await it.addUser(randomUUID())];
    await it.store.one(alice, 'startSession', [null, '/alice', 'host']);
    await it.store.one(bob, 'startSession', ['a label', '/bob', 'host']);
  });
  afterAll(() => it?.close());

  test('is kept, and sees the rows of its user alone', async () => {
    expect(await directories(alice)).toEqual(['/alice']);
    expect(await directories(bob)).toEqual(['/bob']);
    const seen = await it.store.tx(alice, (query) => query('sessions', [null]));
    expect(seen).toHaveLength(1);
  });

  test('leaves nothing of its user to the next one', async () => {
    const refused = { code: '42501' };
    for (let turn = 0; turn < 12; turn += 1) {
      expect(await directories(alice)).toEqual(['/alice']);
      await expect(it.store.one(null, 'sessions', [null])).rejects.toMatchObject(refused);
      await expect(it.store.ask('sessions', [null])).rejects.toMatchObject(refused);
    }
    const claims: Statement = {
      name: 'testClaims',
      sql: `SELECT coalesce(current_setting('synsc.claims', true), '') AS claims`,
    };
    const rest = it.engine.single({ role: 'app', settings: {} }, claims, []);
    expect(await rest).toEqual([{ claims: '' }]);
  });

  test('that fails takes back its settings and what it wrote, and the next one works', async () => {
    const fails: Statement = {
      name: 'testFails',
      sql: `WITH w AS (INSERT INTO app.cli_sessions (user_id, directory, hostname)
          VALUES (auth.uid(), $1, 'host') RETURNING directory)
        SELECT length(directory) / 0 FROM w`,
    };
    const key = createHmac('sha256', it.keyring.secret).update('synsc claims v1').digest();
    const settings = { 'synsc.claims': signClaims(alice, key), 'synsc.origin': '' };
    for (let turn = 0; turn < 12; turn += 1) {
      const failing = it.engine.single({ role: 'app', settings }, fails, ['/never']);
      await expect(failing).rejects.toMatchObject({ code: '22012' });
    }
    const forged = { ...settings, 'synsc.claims': `${bob}.99999999999.00` };
    const asBob = it.engine.single({ role: 'app', settings: forged }, fails, ['/never']);
    await expect(asBob).rejects.toMatchObject({ code: '28000' });
    expect(await directories(alice)).toEqual(['/alice']);
    await expect(it.store.ask('sessions', [null])).rejects.toMatchObject({ code: '42501' });
  });

  test('may run beside others and transactions, each as its own user', async () => {
    const asked = Array.from({ length: 60 }, (_, index) => {
      const user = index % 2 ? alice : bob;
      return index % 3
        ? it.store.one<{ directory: string }>(user, 'sessions', [null])
        : it.store.tx(user, async (query) => {
            await query('ownMachine', [randomUUID()]);
            return query<{ directory: string }>('sessions', [null]);
          });
    });
    for (const [index, rows] of (await Promise.all(asked)).entries()) {
      expect(rows.map(({ directory }) => directory)).toEqual([index % 2 ? '/alice' : '/bob']);
    }
  });

  test('takes every kind of parameter as a transaction does', async () => {
    const [{ id } = { id: '' }] = await it.store.one<{ id: string }>(alice, 'sessions', [null]);
    const used = ['A "quoted" one', 'B,C', 'D\\E'];
    await it.store.one(alice, 'updateSession', [id, true, 3, null, used, null]);
    const [row] = await it.store.one(alice, 'sessions', [null]);
    expect(row).toMatchObject({ commands: 3, redactions: 0, credentials_used: used });
    expect(row).toMatchObject({ ended_at: expect.any(Date), label: null });
  });
});

const postgresOnly = describe.skipIf(!databases.includes('postgres'));

postgresOnly('a connection that the server ends', () => {
  let it: TestStore;
  beforeAll(async () => {
    it = await openTestStore('postgres');
  });
  afterAll(() => it?.close());

  const sleeping: Statement = { name: 'testSleep', sql: 'SELECT pg_sleep(600)' };
  const anybody = { role: 'gate', settings: {} } as const;
  /** Ends the session that sleeps, once it does. */
  const endSleeper = () =>
    vi.waitFor(
      async () => {
        const ended = await it.engine.owner((run) =>
          run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE query LIKE '%pg_sleep(600)%' AND state = 'active' AND pid <> pg_backend_pid()`),
        );
        expect(ended).toHaveLength(1);
      },
      { timeout: 60_000, interval: 50 },
    );

  test.each([
    ['a statement by itself', () => it.engine.single(anybody, sleeping, [])],
    ['a transaction', () => it.engine.transaction(anybody, (run) => run(sleeping))],
  ])('fails %s, and nothing else', async (_what, sleep) => {
    const failing = expect(sleep()).rejects.toMatchObject({ code: '57P01' });
    await endSleeper();
    await failing;
    for (let turn = 0; turn < 10; turn += 1) {
      expect(await it.store.ask('userExists', [randomUUID()])).toEqual([{ found: false }]);
    }
  });
});
