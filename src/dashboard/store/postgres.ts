import pg from 'pg';
import { SynscError } from '../../errors.ts';
import type { Engine, Run } from './engine.ts';

const oldestVersion = 150_000;

/**
 * PostgreSQL by URL. The URL's login owns schema and tables and runs the migrations, since a URL
 * gives one login and may not be allowed to make another; the store switches to `synsc_app` inside
 * every transaction. Row-level security then guards against faults of the dashboard's own code, and
 * the closed table of statements against SQL injection.
 */
export async function openPostgres(url: string, onError: (error: Error) => void): Promise<Engine> {
  const pool = new pg.Pool({ connectionString: url, max: 10, connectionTimeoutMillis: 10_000 });
  pool.on('error', onError);
  try {
    await checkVersion(pool);
  } catch (error) {
    await pool.end();
    throw error;
  }
  return {
    shared: true,
    transaction: (body) => transaction(pool, body),
    script: (sql) => transaction(pool, async (run) => void (await run(sql))),
    close: () => pool.end(),
  };
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

async function transaction<T>(pool: pg.Pool, body: (run: Run) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await body(
      async (sql, parameters) =>
        (await client.query(sql, parameters && [...parameters])).rows ?? [],
    );
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((cause: Error) => {
      broken = cause;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
