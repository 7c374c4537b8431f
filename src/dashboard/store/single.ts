import pg from 'pg';
import { withClient } from './client.ts';
import { type Principal, type Statement, settingsStatement } from './engine.ts';

type Settings = Principal['settings'];

/** Connections that know the statement of the settings. */
const prepared = new WeakSet<pg.ClientBase>();

/**
 * A statement behind the settings of its transaction, in one trip: what stands before the protocol's
 * Sync message is one transaction (PostgreSQL §55.2.3), which an error takes back.
 */
export function single(
  pool: pg.Pool,
  settings: Settings,
  { name, sql }: Statement,
  parameters: readonly unknown[],
): Promise<unknown[]> {
  const values = Object.values(settings);
  return withClient(pool, async (client) => {
    const { name: first, sql: text } = settingsStatement(settings);
    if (values.length > 0 && !prepared.has(client)) {
      await client.query({ name: first, text, values });
      prepared.add(client);
    }
    return new Promise((resolve, reject) => {
      const config = { name, text: sql, values: [...parameters] };
      const query = new pg.Query(config, (error, result) => {
        if (error) reject(error);
        else resolve(rowsOfLast(result));
      });
      client.query(values.length > 0 ? behind(query, first, values) : query);
    });
  });
}

/** Another statement, known to the connection, before this one and in its transaction. */
function behind(query: pg.Query, statement: string, values: string[]): pg.Query {
  const submit = query.submit.bind(query);
  query.submit = (connection) => {
    connection.stream.cork();
    connection.bind({ statement, values }, true);
    connection.execute(null, true);
    const fault = submit(connection);
    connection.stream.uncork();
    return fault;
  };
  return query;
}

/** That before it has a result of its own, without rows. */
function rowsOfLast(result: pg.QueryResult | pg.QueryResult[]): unknown[] {
  return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
}
