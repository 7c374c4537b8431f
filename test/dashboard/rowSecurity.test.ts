import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Run } from '../../src/dashboard/store/engine.ts';
import { guard } from '../../src/dashboard/store/guard.ts';
import { loginsOf } from '../../src/dashboard/store/logins.ts';
import { migrate } from '../../src/dashboard/store/migrate.ts';
import type { StatementName } from '../../src/dashboard/store/statements.ts';
import { openStore, signClaims } from '../../src/dashboard/store/store.ts';
import { claim } from '../support/claim.ts';
import { databases, openTestStore, type TestStore } from '../support/store.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const userTables = `SELECT relname AS name FROM pg_class
  WHERE relnamespace = 'app'::regnamespace AND relkind = 'r'`;
const denied = { code: '42501' };

describe.each(databases)('row-level security on %s', (database) => {
  const [alice, bob] = [randomUUID(), randomUUID()];
  let it: TestStore;

  beforeAll(async () => {
    it = await openTestStore(database);
    for (const id of [alice, bob]) {
      await it.addUser(id);
      await it.store.tx(id, (query) => query('startSession', [null, '/tmp', 'host']));
    }
  });
  afterAll(() => it?.close());

  /** What injected SQL can do: any text, as a role of the application, with these claims. */
  const as = <T>(role: 'app' | 'gate', claims: string, body: (run: Run) => Promise<T>) =>
    it.engine.owner(async (run) => {
      await run(`SET LOCAL ROLE synsc_${role}`);
      await run(`SELECT set_config('synsc.claims', $1, true)`, [claims]);
      return body(run);
    });

  claim('security/row-level-security', async () => {
    const own = await it.store.tx(alice, (query) => query('sessions', [null]));
    expect(own).toHaveLength(1);
    await expect(it.store.tx(null, (query) => query('sessions', [null]))).rejects.toMatchObject(
      denied,
    );
  });

  test('holds on every table of a user, also against its owner', async () => {
    const tables = await it.engine.owner((run) => run(userTables));
    expect(tables.length).toBeGreaterThanOrEqual(8);
    await it.engine.owner(guard);
    for (const { name } of tables as { name: string }[]) {
      const rows = await as('app', '', (run) => run(`SELECT 1 FROM app.${name}`)).catch((error) => [
        error.code,
      ]);
      expect([[], ['42501']], name).toContainEqual(rows);
    }
  });

  test('shows a role of the application nothing of somebody else, whatever it asks', async () => {
    const claims = await it.store.tx(alice, async (query) => {
      const [row] = await query<{ id: string }>('sessions', [null]);
      return row?.id;
    });
    expect(claims).toBeDefined();
    const forged = [
      `${bob}.9999999999.${'0'.repeat(64)}`,
      signClaims(bob, randomBytes(32)),
      `${bob}.9999999999`,
      `${bob}.9999999999.${'0'.repeat(64)}.x`,
    ];
    for (const text of forged) {
      const read = as('app', text, (run) => run('SELECT * FROM app.cli_sessions'));
      await expect(read).rejects.toMatchObject({ code: '28000' });
    }
    const bypass = as('app', '', async (run) => {
      await run(`SELECT set_config('row_security', 'off', true)`);
      return run('SELECT * FROM app.cli_sessions');
    });
    await expect(bypass).rejects.toMatchObject(denied);
    const insert = as('app', '', (run) =>
      run(`INSERT INTO app.cli_sessions (user_id, directory, hostname) VALUES ('${bob}', '', '')`),
    );
    await expect(insert).rejects.toMatchObject(denied);
  });

  test.each([
    ['the key of claims', 'SELECT * FROM priv.claims_key'],
    ['password hashes', 'SELECT password FROM app.users'],
    ['token hashes', 'SELECT hash FROM app.refresh_tokens'],
    ['look-ups from before the sign-in', `SELECT * FROM auth.user_by_email('x')`],
    ['the trail of somebody else', `SELECT auth.note(NULL, 'x', 'x', 'x', '')`],
    ['the trails of others', `SELECT auth.note_all('{}', '{}', '{}', '{}', '{}')`],
    ['a definition', 'CREATE TABLE app.mine (id int)'],
    ['a policy', 'DROP POLICY own ON app.users'],
  ])('keeps %s from the application’s role', async (_what, sql) => {
    await expect(as('app', '', (run) => run(sql))).rejects.toMatchObject(denied);
  });

  test('shows a stranger no table at all', async () => {
    const tables = (await it.engine.owner((run) => run(userTables))) as { name: string }[];
    for (const { name } of tables) {
      const read = as('gate', '', (run) => run(`SELECT 1 FROM app.${name}`));
      await expect(read, name).rejects.toMatchObject(denied);
    }
  });

  test('takes statements by their name only', async () => {
    for (const name of ['SELECT 1', 'toString', '__proto__', 'sessions; SELECT 1']) {
      const asked = it.store.tx(alice, (query) => query(name as StatementName));
      await expect(asked).rejects.toMatchObject({ code: 'INTERNAL' });
    }
  });

  test('carries no claim over to the next transaction', async () => {
    const seen = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        it.store.tx(index % 2 ? alice : bob, (query) => query<{ id: string }>('sessions', [null])),
      ),
    );
    const ids = (parity: number) =>
      new Set(seen.filter((_, index) => index % 2 === parity).map(([row]) => row?.id));
    expect([ids(0).size, ids(1).size]).toEqual([1, 1]);
    expect([...ids(0)]).not.toEqual([...ids(1)]);
  });

  test.each([
    ['a table without row-level security', 'CREATE TABLE app.stray (user_id uuid)'],
    [
      'row-level security that is not forced',
      'ALTER TABLE app.machines NO FORCE ROW LEVEL SECURITY',
    ],
    ['row-level security that is off', 'ALTER TABLE app.users DISABLE ROW LEVEL SECURITY'],
    ['a missing policy', 'DROP POLICY own ON app.credential_fields'],
    ['a policy too many', 'CREATE POLICY all_rows ON app.credentials USING (true)'],
    ['a policy for everybody’s rows', 'ALTER POLICY own ON app.credentials USING (true)'],
    ['a role that bypasses it', 'ALTER ROLE synsc_app BYPASSRLS'],
    ['a role that owns a table', 'ALTER TABLE app.cli_sessions OWNER TO synsc_app'],
    ['a role in a role that sees all', 'GRANT synsc_keeper TO synsc_app'],
    ['a function that can be led astray', 'ALTER FUNCTION auth.uid() RESET search_path'],
  ])('does not start with %s', async (_what, sql) => {
    const refused = it.engine.owner(async (run) => {
      await run(sql);
      await guard(run); // throws, and so takes the change back
    });
    await expect(refused).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await it.engine.owner(guard);
  });

  test('grants privileges once for each version, not at each start', async () => {
    const applied = () =>
      it.engine.owner((run) =>
        run(`SELECT name, at FROM priv.migrations WHERE name LIKE 'privileges %'`),
      );
    const before = await applied();
    expect(before).toHaveLength(1);
    await it.engine.owner((run) => migrate(run));
    expect(await applied()).toEqual(before);
  });

  test('does not start where a newer version has been', async () => {
    await it.engine.owner((run) =>
      run(`INSERT INTO priv.migrations (name) VALUES ('999-later.sql')`),
    );
    await expect(openStore(it.engine, it.keyring.secret)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: 'a newer version of synsc has changed this database',
    });
    await it.engine.owner((run) => run(`DELETE FROM priv.migrations WHERE name = '999-later.sql'`));
  });

  test('does not start with the keys of another data directory', async () => {
    await expect(openStore(it.engine, randomBytes(32))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: expect.stringContaining('--data'),
    });
  });
});

describe.runIf(databases.includes('postgres'))('the application’s login at PostgreSQL', () => {
  const alice = randomUUID();
  let it: TestStore;
  let client: pg.Client;

  beforeAll(async () => {
    it = await openTestStore('postgres');
    await it.addUser(alice);
    await it.store.tx(alice, (query) => query('startSession', [null, '/tmp', 'host']));
    const { user, password } = loginsOf(it.keyring.secret).app;
    const { port, pathname } = new URL(it.url ?? '');
    const database = pathname.slice(1);
    client = new pg.Client({ host: '127.0.0.1', port: Number(port), user, password, database });
    await client.connect();
  });
  afterAll(async () => {
    await client?.end();
    await it?.close();
  });

  test.each([
    'RESET ROLE; SELECT * FROM app.cli_sessions',
    `SELECT set_config('synsc.claims', '', false); SELECT * FROM app.cli_sessions`,
    'SELECT user_id FROM app.cli_sessions UNION ALL SELECT user_id FROM app.audit',
  ])('sees no row: %s', async (sql) => {
    const answer = await client.query(sql);
    const last = Array.isArray(answer) ? answer.at(-1) : answer;
    expect(last.rows).toEqual([]);
  });

  test.each([
    'SET ROLE postgres',
    'SET SESSION AUTHORIZATION postgres',
    'SET ROLE synsc_authn',
    'SET ROLE synsc_keeper',
    `SELECT set_config('role', 'postgres', false)`,
    'SET row_security = off; SELECT * FROM app.cli_sessions',
    'ALTER TABLE app.users DISABLE ROW LEVEL SECURITY',
    `COPY app.users TO PROGRAM 'cat'`,
    `SELECT pg_read_file('/etc/passwd')`,
  ])('may not: %s', async (sql) => {
    await expect(client.query(sql)).rejects.toMatchObject(denied);
    await client.query('RESET row_security');
  });

  test('owns nothing', async () => {
    const { rows } = await client.query(
      `SELECT relname FROM pg_class WHERE relowner IN (
         SELECT oid FROM pg_roles WHERE rolname ~ '^synsc_(app|gate)')`,
    );
    expect(rows).toEqual([]);
  });
});
