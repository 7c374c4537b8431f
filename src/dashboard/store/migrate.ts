import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { SynscError } from '../../errors.ts';
import type { Run } from './engine.ts';

/** Beside this module, in the source tree and in the bundle. */
const folder = new URL('./migrations/', import.meta.url);
const privileges = new URL('./privileges.sql', import.meta.url);
/** Any number that other programs in the database do not use. */
const advisoryLock = 7_391_846_201;

/**
 * Brings the schema up to date, in the order of the files' numbers, within the transaction of `run`.
 * Dashboards that start together take turns. `until`: only those of this list, for an old backup.
 */
export async function migrate(run: Run, until?: readonly string[]): Promise<void> {
  await run(
    `SELECT pg_advisory_xact_lock(${advisoryLock});
     CREATE SCHEMA IF NOT EXISTS priv;
     CREATE TABLE IF NOT EXISTS priv.migrations
       (name text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());`,
  );
  const rows = (await run('SELECT name FROM priv.migrations')) as { name: string }[];
  const done = new Set(rows.map(({ name }) => name));
  const names = await migrationNames();
  if ([...done].some((name) => name.endsWith('.sql') && !names.includes(name))) {
    throw new SynscError('UNSUPPORTED', 'a newer version of synsc has changed this database', {
      hint: 'start that version or a later one, or restore a backup from before into an empty place',
    });
  }
  for (const name of names) {
    if (done.has(name) || (until && !until.includes(name))) continue;
    await run(await readFile(new URL(name, folder), 'utf8'));
    await run('INSERT INTO priv.migrations (name) VALUES ($1)', [name]);
    done.add(name);
  }
  const grants = await readFile(privileges, 'utf8');
  const known = [...done].filter((name) => name.endsWith('.sql'));
  const digest = createHash('sha256').update(known.sort().join()).update(grants).digest('hex');
  if (done.has(`privileges ${digest}`)) return;
  await run(grants);
  await run(`DELETE FROM priv.migrations WHERE name LIKE 'privileges %'`);
  await run('INSERT INTO priv.migrations (name) VALUES ($1)', [`privileges ${digest}`]);
}

/** All that this version knows, in their order. */
export async function migrationNames(): Promise<string[]> {
  const names = await readdir(fileURLToPath(folder));
  return names.filter((name) => name.endsWith('.sql')).sort();
}
