import { createWriteStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { keyDirectory } from '../open.ts';
import type { Engine, Run } from '../store/engine.ts';
import { asKeeper, rowsOf, tablesOf } from '../store/keeper.ts';
import { readIfThere } from '../store/keyFiles.ts';
import { withLock } from '../store/lock.ts';
import { writeNewFile } from './newFile.ts';

/**
 * A backup is gzip of JSON lines: a header with the migrations of the schema, a line a row, a line a
 * file of keys and certificates, and a last line that counts them. Values in it are sealed as in the
 * database, but their keys are beside them: who has the file has the credentials.
 */
export const backupFormat = 'synsc-backup/1';

export interface BackupHeader {
  readonly format: string;
  readonly at: string;
  readonly migrations: readonly string[];
}
export interface BackupRow {
  readonly table: string;
  readonly row: object;
}
export interface BackupFile {
  /** Below the data directory. */
  readonly file: string;
  /** Base64. */
  readonly bytes: string;
}
export interface BackupEnd {
  readonly rows: number;
  readonly files: number;
}
export type BackupReport = BackupEnd & { readonly path: string };

/** What of a data directory belongs to a backup, beside the database. */
export const savedFolders = ['keys', 'tls'] as const;

/** Writes all of a dashboard to `path`, which appears when it is complete. CONFLICT when it exists. */
export async function writeBackup(
  engine: Engine,
  data: string,
  path: string,
  force = false,
): Promise<BackupReport> {
  const end = { rows: 0, files: 0 };
  await writeNewFile(path, force, (partial) =>
    asKeeper(engine, (run) =>
      pipeline(
        lines(run, data, end),
        createGzip(),
        createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true }),
      ),
    ),
  );
  return { ...end, path };
}

/** Counts into `end` what it has yielded. */
async function* lines(run: Run, data: string, end: { rows: number; files: number }) {
  const migrations = (await run(
    `SELECT name FROM priv.migrations WHERE name LIKE '%.sql' ORDER BY name`,
  )) as Name[];
  const header = { format: backupFormat, at: new Date().toISOString() };
  yield line({ ...header, migrations: migrations.map(({ name }) => name) } satisfies BackupHeader);
  for (const table of await tablesOf(run)) {
    const rows = rowsOf<{ row: string }>(run, `SELECT to_jsonb(t)::text AS row FROM ${table} t`);
    for await (const batch of rows) {
      end.rows += batch.length;
      yield batch.map(({ row }) => `{"table":"${table}","row":${row}}\n`).join('');
    }
  }
  // after the rows: a key without a row does no harm, a row without its key would be lost
  for (const file of await savedFiles(data)) {
    end.files += 1;
    yield line(file);
  }
  yield line(end satisfies BackupEnd);
}

interface Name {
  readonly name: string;
}

/** All of one moment: not while the root key changes. */
function savedFiles(data: string): Promise<BackupFile[]> {
  return withLock(keyDirectory({ data }), 'shared', async () => {
    const files: BackupFile[] = [];
    for (const folder of savedFolders) {
      const found = await readdir(join(data, folder), { recursive: true, withFileTypes: true });
      for (const entry of found) {
        if (!entry.isFile() || entry.name === 'lock' || entry.name.endsWith('.new')) continue;
        const path = join(entry.parentPath, entry.name);
        const bytes = await readIfThere(path);
        if (bytes)
          files.push({ file: path.slice(data.length + 1), bytes: bytes.toString('base64') });
      }
    }
    return files;
  });
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
