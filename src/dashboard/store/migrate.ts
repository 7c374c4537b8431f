import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { SynscError } from '../../errors.ts';
import type { Engine } from './engine.ts';

/** Beside this module, in the source tree and in the bundle. */
const folder = new URL('./migrations/', import.meta.url);
/** Any number that other programs in the database do not use. */
const advisoryLock = 7_391_846_201;

/** Brings the schema up to date, in one transaction. Dashboards that start together take turns. */
export async function migrate(engine: Engine): Promise<void> {
  const files = (await readdir(fileURLToPath(folder)))
    .filter((name) => name.endsWith('.sql'))
    .sort();
  const scripts = await Promise.all(
    files.map(async (name) => readFile(new URL(name, folder), 'utf8')),
  );
  await engine.script(
    [
      `SELECT pg_advisory_xact_lock(${advisoryLock});`,
      'CREATE SCHEMA IF NOT EXISTS priv;',
      `CREATE TABLE IF NOT EXISTS priv.migrations
         (name text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());`,
    ].join('\n'),
  );
  for (const [index, name] of files.entries()) await apply(engine, name, scripts[index] ?? '');
}

async function apply(engine: Engine, name: string, script: string): Promise<void> {
  const done = await engine.transaction(async (run) => {
    const rows = await run('SELECT 1 FROM priv.migrations WHERE name = $1', [name]);
    return rows.length > 0;
  });
  if (done) return;
  // The name comes first: of two dashboards the slower one waits here and fails on the key.
  await engine
    .script(`INSERT INTO priv.migrations (name) VALUES ('${name}');\n${script}`)
    .catch(async (error: unknown) => {
      if (!isDuplicate(error)) throw error;
    });
}

function isDuplicate(error: unknown): boolean {
  return error instanceof Error && 'constraint' in error && error.constraint === 'migrations_pkey';
}

/** Refuses a database in which some user table is not under forced row-level security. */
export async function checkRowSecurity(engine: Engine): Promise<void> {
  const open = await engine.transaction((run) =>
    run(`SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'app' AND c.relkind IN ('r', 'p', 'm', 'f') AND NOT (
        c.relrowsecurity AND c.relforcerowsecurity
        AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))`),
  );
  if (open.length > 0) {
    throw new SynscError('UNSUPPORTED', 'a user table is not under forced row-level security', {
      hint: 'restore the database, or ALTER TABLE … FORCE ROW LEVEL SECURITY on each table of schema app',
    });
  }
}
