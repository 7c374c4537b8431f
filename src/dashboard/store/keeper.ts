import { SynscError } from '../../errors.ts';
import type { Engine, Run } from './engine.ts';

/** Rows that are fetched at once. */
const batch = 500;

/** One transaction that sees all rows of all users, as they are at this moment. Values stay sealed. */
export function asKeeper<T>(engine: Engine, body: (run: Run) => Promise<T>): Promise<T> {
  return engine.owner(async (run) => {
    await run('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await run('SET LOCAL ROLE synsc_keeper');
    return body(run);
  });
}

/** The rows of a query, in batches. */
export async function* rowsOf<Row>(run: Run, sql: string): AsyncGenerator<Row[]> {
  await run(`DECLARE rows NO SCROLL CURSOR FOR ${sql}`);
  for (;;) {
    const rows = await run(`FETCH ${batch} FROM rows`);
    if (rows.length === 0) break;
    yield rows as Row[];
  }
  await run('CLOSE rows');
}

/** The tables to keep, in an order in which foreign keys find their rows. */
export async function tablesOf(run: Run): Promise<string[]> {
  const rows = (await run(
    `SELECT c.oid::text AS id, format('%I.%I', 'app', c.relname) AS name, ARRAY(
         SELECT k.confrelid::text FROM pg_constraint k
         WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid <> c.oid) AS needs
     FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace AND c.relkind = 'r' ORDER BY name`,
  )) as { id: string; name: string; needs: string[] }[];
  const placed = new Set<string>();
  const names: string[] = [];
  while (names.length < rows.length) {
    const next = rows.find(({ id, needs }) => !placed.has(id) && needs.every((n) => placed.has(n)));
    if (!next) throw new SynscError('INTERNAL', 'the tables refer to each other in a circle');
    placed.add(next.id);
    names.push(next.name);
  }
  return [...names, 'priv.audit_heads'];
}
