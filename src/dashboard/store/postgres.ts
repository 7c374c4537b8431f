import pg from 'pg';
import { SynscError } from '../../errors.ts';
import { withClient } from './client.ts';
import { type Engine, type Logins, type Role, type Run, settingsScript } from './engine.ts';
import { listenForever } from './listener.ts';
import { single } from './single.ts';

const oldestVersion = 150_000;
/** Connections of each role. */
const connections: Readonly<Record<Role, number>> = { app: 10, gate: 5 };

type OnError = (error: Error) => void;

/**
 * PostgreSQL by URL. The URL's login owns schema and tables and is used for migrations only; the
 * running dashboard uses two logins of its own, which own nothing, so that row-level security holds
 * even against injected SQL.
 */
export async function openPostgres(url: string, report: OnError): Promise<Engine> {
  let closing = false;
  const onError = (error: Error) => {
    if (!closing) report(error);
  };
  const owner = poolOf({ connectionString: url, max: 2, idleTimeoutMillis: 1000 }, onError);
  try {
    await checkVersion(owner);
  } catch (error) {
    await owner.end();
    throw error;
  }
  const engine = engineOf(url, owner, onError);
  return {
    ...engine,
    close: () => {
      closing = true;
      return engine.close();
    },
  };
}

function engineOf(url: string, owner: pg.Pool, onError: OnError): Engine {
  let pools: Record<Role, pg.Pool> | undefined;
  const hangUps: (() => Promise<void>)[] = [];
  const pool = (role: Role) => {
    if (!pools) throw new SynscError('INTERNAL', 'the database roles are not logged in yet');
    return pools[role];
  };
  return {
    shared: true,
    owner: (body) => transaction(owner, 'BEGIN', (client) => body(ownerRun(client))),
    enter: async (logins) => {
      pools = await logIn(url, logins, onError);
    },
    transaction: (principal, body) =>
      transaction(pool(principal.role), `BEGIN; ${settingsScript(principal)}`, (client) =>
        body(async ({ name, sql }, parameters = []) => {
          const values = [...parameters];
          return (await client.query({ name, text: sql, values })).rows;
        }),
      ),
    single: ({ role, settings }, statement, parameters) =>
      single(pool(role), settings, statement, parameters),
    listen: async (channel, onMessage, onGap) => {
      const { options } = pool('gate');
      hangUps.push(await listenForever(options, channel, { onMessage, onGap, onError }));
    },
    close: async () => {
      for (const hangUp of hangUps) await hangUp();
      await Promise.all([owner, ...Object.values(pools ?? {})].map((one) => one.end()));
    },
  };
}

function poolOf(config: pg.PoolConfig, onError: OnError): pg.Pool {
  return new pg.Pool({ connectionTimeoutMillis: 10_000, ...config }).on('error', onError);
}

async function logIn(
  url: string,
  logins: Logins,
  onError: OnError,
): Promise<Record<Role, pg.Pool>> {
  const open = (role: Role) => {
    const connectionString = withLogin(url, logins[role]);
    return poolOf({ connectionString, max: connections[role] }, onError);
  };
  const pools = { app: open('app'), gate: open('gate') };
  try {
    await Promise.all([pools.app.query('SELECT 1'), pools.gate.query('SELECT 1')]);
    return pools;
  } catch (cause) {
    await Promise.all([pools.app.end(), pools.gate.end()]);
    throw new SynscError('UNSUPPORTED', 'the database does not let the dashboard’s own roles in', {
      cause,
      hint: `allow password sign-in of ${logins.app.user} and ${logins.gate.user} in pg_hba.conf, and connect without a pooler`,
    });
  }
}

/** In the query part: there a URL names a login whether or not it names a host (libpq §34.1.1.2). */
function withLogin(url: string, { user, password }: Logins[Role]): string {
  const address = new URL(url);
  address.searchParams.set('user', user);
  address.searchParams.set('password', password);
  return address.toString();
}

async function checkVersion(pool: pg.Pool): Promise<void> {
  const { rows } = await pool
    .query<{ version: number }>(`SELECT current_setting('server_version_num')::int AS version`)
    .catch((cause: unknown) => {
      throw new SynscError('UNSUPPORTED', 'cannot reach the PostgreSQL database', {
        cause,
        hint: 'check the database URL (--database-url or DATABASE_URL) and that the server runs',
      });
    });
  if ((rows[0]?.version ?? 0) < oldestVersion) {
    throw new SynscError('UNSUPPORTED', 'the PostgreSQL server is too old', {
      hint: 'use PostgreSQL 15 or later',
    });
  }
}

/** Of a script the rows of its last statement. */
function ownerRun(client: pg.PoolClient): Run {
  return async (sql, parameters) => {
    const result = await client.query(sql, parameters && [...parameters]);
    const last = Array.isArray(result) ? (result as pg.QueryResult[]).at(-1) : result;
    return last?.rows ?? [];
  };
}

function transaction<T>(
  pool: pg.Pool,
  begin: string,
  body: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  return withClient(pool, async (client, discard) => {
    try {
      await client.query(begin);
      const result = await body(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(discard);
      throw error;
    }
  });
}
