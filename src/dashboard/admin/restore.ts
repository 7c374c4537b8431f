import { createReadStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { codeOf, SynscError } from '../../errors.ts';
import type { DashboardConfig } from '../config.ts';
import { openEngine } from '../open.ts';
import type { Run } from '../store/engine.ts';
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
import { RowLoader } from './rowLoader.ts';

type Place = Pick<DashboardConfig, 'data' | 'databaseUrl'>;

/**
 * Puts a backup into an empty place: beside the final names first. It is read once before anything
 * is touched, so that a damaged one changes nothing. CONFLICT when there is something already, unless
 * `force`, which replaces it.
 */
export async function restoreBackup(path: string, place: Place, force = false): Promise<BackupEnd> {
  const { data, databaseUrl } = place;
  const { header, end } = await checkBackup(path);
  await mkdir(data, { recursive: true, mode: 0o700 });
  const parts = databaseUrl ? savedFolders : [...savedFolders, 'database'];
  const unlock = databaseUrl ? async () => undefined : await lockDirectory(data);
  const staged = await mkdtemp(join(data, 'restore.new-'));
  try {
    if (!force && parts.some((part) => existsSync(join(data, part)))) throw taken(data);
    const engine = await openEngine({ data: staged, databaseUrl, root: {} }, () => undefined);
    try {
      await engine.owner(async (run) => {
        if (engine.shared) await clear(run, force);
        await migrate(run, header.migrations);
        await load(run, path, staged);
        await migrate(run);
      });
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

/** Whether it is whole, of a version that is known, and about nothing else. */
async function checkBackup(path: string): Promise<{ header: BackupHeader; end: BackupEnd }> {
  let header: Partial<BackupHeader> | undefined;
  let end: Partial<BackupEnd> | undefined;
  let rows = 0;
  let files = 0;
  for await (const record of readRecords(path)) {
    header ??= record;
    if ('row' in record) rows += 1;
    else if ('file' in record) {
      files += 1;
      checkFile(record as BackupFile);
    } else end = record;
  }
  const { format, migrations, at = '' } = header ?? {};
  if (format !== backupFormat || !migrations) throw unreadable('is no backup');
  const known = new Set(await migrationNames());
  if (!migrations.every((name) => known.has(name))) {
    throw unreadable('comes from another version of synsc');
  }
  if (end?.rows !== rows || end.files !== files) throw unreadable('breaks off');
  return { header: { format, migrations, at }, end: { rows, files } };
}

function checkFile({ file }: BackupFile): void {
  const inside = savedFolders.some((folder) => normalize(file).startsWith(`${folder}/`));
  if (!inside) throw unreadable('holds a file of another place');
}

async function load(run: Run, path: string, staged: string): Promise<void> {
  const rows = new RowLoader(run);
  await rows.begin();
  for await (const record of readRecords(path)) {
    if ('row' in record) await rows.add(record as BackupRow);
    else if ('file' in record) await restoreFile(staged, record as BackupFile);
  }
  await rows.end();
}

/** Connections of a dashboard that has just ended take a moment to go. */
async function refuseWhileUsed(run: Run): Promise<void> {
  for (let left = 60; left > 0; left -= 1) {
    await run('SELECT pg_stat_clear_snapshot()');
    const used = await run(`SELECT FROM pg_stat_activity
      WHERE datname = current_database() AND usename ~ '^synsc_(app|gate)_'`);
    if (used.length === 0) return;
    await sleep(50);
  }
  throw new SynscError('CONFLICT', 'a dashboard uses this database', {
    hint: 'stop all dashboards of this database and try again',
  });
}

/** With `force`, what is there goes; without, there must be no account. */
async function clear(run: Run, force: boolean): Promise<void> {
  await refuseWhileUsed(run);
  const [found] = (await run(`SELECT to_regclass('app.users') IS NOT NULL AS schema`)) as {
    schema: boolean;
  }[];
  if (!found?.schema) return;
  if (!force) throw taken('the database');
  await run('DROP SCHEMA app, auth, priv CASCADE');
}

async function restoreFile(staged: string, { file, bytes }: BackupFile): Promise<void> {
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
    const missing = codeOf(cause) === 'ENOENT';
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
