import { createReadStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { SynscError } from '../../errors.ts';
import type { DashboardConfig } from '../config.ts';
import { openEngine } from '../open.ts';
import type { Engine, Run } from '../store/engine.ts';
import { syncDirectory } from '../store/keyFiles.ts';
import { lockDirectory } from '../store/lock.ts';
import { migrate, migrationNames } from '../store/migrate.ts';
import {
  type BackupEnd,
  type BackupFile,
  type BackupHeader,
  type BackupRow,
  backupFormat,
  savedFolders,
} from './backup.ts';

type Place = Pick<DashboardConfig, 'data' | 'databaseUrl'>;

/** Rows that go in at once. */
const batch = 500;

/**
 * Puts a backup into an empty place: beside the final names first, so that a backup which breaks off
 * changes nothing. CONFLICT when there is something already, unless `force`, which replaces it.
 */
export async function restoreBackup(path: string, place: Place, force = false): Promise<BackupEnd> {
  const { data, databaseUrl } = place;
  await mkdir(data, { recursive: true, mode: 0o700 });
  const parts = databaseUrl ? savedFolders : [...savedFolders, 'database'];
  const unlock = databaseUrl ? async () => undefined : await lockDirectory(data);
  const staged = await mkdtemp(join(data, 'restore.new-'));
  try {
    if (!force && parts.some((part) => existsSync(join(data, part)))) throw taken(data);
    const engine = await openEngine({ data: staged, databaseUrl, root: {} }, () => undefined);
    let end: BackupEnd;
    try {
      end = await engine.owner((run) => load(run, engine, path, { staged, force }));
    } finally {
      await engine.close();
    }
    for (const part of parts) await takePlace(join(staged, part), join(data, part));
    await syncDirectory(data);
    return end;
  } finally {
    await rm(staged, { recursive: true, force: true });
    await unlock();
  }
}

async function load(
  run: Run,
  engine: Engine,
  path: string,
  { staged, force }: { staged: string; force: boolean },
): Promise<BackupEnd> {
  const records = readRecords(path);
  const header = (await records.next()).value as Partial<BackupHeader> | undefined;
  if (header?.format !== backupFormat || !header.migrations) throw unreadable('is no backup');
  const known = new Set(await migrationNames());
  if (header.migrations.some((name) => !known.has(name))) {
    throw unreadable('comes from a newer version of synsc');
  }
  if (engine.shared) {
    await refuseWhileUsed(run);
    await clear(run, force);
  }
  await migrate(run, header.migrations);
  const rows = new RowLoader(run);
  let files = 0;
  let end: BackupEnd | undefined;
  await rows.begin();
  for await (const record of records) {
    if ('row' in record) await rows.add(record as BackupRow);
    else if ('file' in record) {
      await restoreFile(staged, record as BackupFile);
      files += 1;
    } else end = record as BackupEnd;
  }
  await rows.end();
  if (end?.rows !== rows.count || end.files !== files) throw unreadable('breaks off');
  await migrate(run);
  return end;
}

async function refuseWhileUsed(run: Run): Promise<void> {
  const used = await run(`SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND usename ~ '^synsc_(app|gate)_'`);
  if (used.length === 0) return;
  throw new SynscError('CONFLICT', 'a dashboard uses this database', {
    hint: 'stop all dashboards of this database and try again',
  });
}

/** With `force`, what is there goes; without, there must be no account. */
async function clear(run: Run, force: boolean): Promise<void> {
  const [found] = (await run(`SELECT to_regclass('app.users') IS NOT NULL AS schema`)) as {
    schema: boolean;
  }[];
  if (!found?.schema) return;
  if (!force) throw taken('the database');
  await run('DROP SCHEMA app, auth, priv CASCADE');
}

/** Puts rows in as they were: their triggers rest, and so do the checks of who may write what. */
class RowLoader {
  count = 0;
  readonly #run: Run;
  #table = '';
  #rows: object[] = [];
  readonly #tables = new Set<string>();

  constructor(run: Run) {
    this.#run = run;
  }

  async begin(): Promise<void> {
    await this.#switchTriggers('DISABLE');
    await this.#run('SET LOCAL ROLE synsc_keeper');
  }

  async add({ table, row }: BackupRow): Promise<void> {
    if (table !== this.#table || this.#rows.length >= batch) await this.#flush();
    this.#table = table;
    this.#rows.push(row);
    this.count += 1;
  }

  async end(): Promise<void> {
    await this.#flush();
    await this.#advanceCounters();
    await this.#switchTriggers('ENABLE');
  }

  async #flush(): Promise<void> {
    if (this.#rows.length === 0) return;
    if (!/^(app|priv)\.[a-z_]+$/.test(this.#table)) throw unreadable('names an odd table');
    await this.#run(
      `INSERT INTO ${this.#table} OVERRIDING SYSTEM VALUE
       SELECT * FROM jsonb_populate_recordset(NULL::${this.#table}, $1::jsonb)`,
      [JSON.stringify(this.#rows)],
    );
    this.#tables.add(this.#table);
    this.#rows = [];
  }

  /** Numbers that the database gives out go on after the last one. */
  async #advanceCounters(): Promise<void> {
    const [last] = (await this.#run('SELECT max(id)::text AS id FROM app.audit')) as {
      id: string | null;
    }[];
    await this.#run('RESET ROLE');
    if (last?.id) {
      await this.#run(`SELECT setval(pg_get_serial_sequence('app.audit', 'id'), $1::bigint)`, [
        last.id,
      ]);
    }
  }

  async #switchTriggers(to: 'ENABLE' | 'DISABLE'): Promise<void> {
    await this.#run(`DO $$
      DECLARE name text;
      BEGIN
        FOR name IN SELECT relname FROM pg_class
          WHERE relnamespace = 'app'::regnamespace AND relkind = 'r' LOOP
          EXECUTE format('ALTER TABLE app.%I ${to} TRIGGER USER', name);
        END LOOP;
      END $$`);
  }
}

async function restoreFile(staged: string, { file, bytes }: BackupFile): Promise<void> {
  const inside = savedFolders.some((folder) => normalize(file).startsWith(`${folder}/`));
  if (!inside) throw unreadable('holds a file of another place');
  const target = join(staged, file);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  await writeFile(target, Buffer.from(bytes, 'base64'), { mode: 0o600, flush: true });
}

async function takePlace(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return;
  const old = `${from}.old`;
  if (existsSync(to)) await rename(to, old);
  await rename(from, to);
}

async function* readRecords(path: string): AsyncGenerator<object> {
  const zip = createGunzip();
  const file = createReadStream(path).on('error', (error) => {
    zip.destroy(error);
  });
  file.pipe(zip);
  try {
    for await (const text of createInterface({ input: zip })) yield JSON.parse(text) as object;
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw unreadable(missing ? 'is not there' : 'is damaged', cause);
  }
}

function unreadable(what: string, cause?: unknown): SynscError {
  return new SynscError('USAGE', `the backup ${what}`, {
    cause,
    hint: 'name a file that `synsc dashboard backup` wrote',
  });
}

function taken(what: string): SynscError {
  return new SynscError('CONFLICT', `${what} holds a dashboard already`, {
    hint: 'restore into an empty one, or replace it with --force',
  });
}
