import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { Engine, Run } from './engine.ts';
import { lockDirectory } from './lock.ts';

/**
 * The embedded database in `directory`/database: one process at a time, serial. It survives SIGKILL
 * but not a power cut: PGlite never syncs its files (electric-sql/pglite#1107).
 */
export async function openEmbedded(directory: string): Promise<Engine> {
  const unlock = await lockDirectory(directory);
  try {
    const database = join(directory, 'database');
    if (!existsSync(database)) await initialise(directory, database);
    const db = await PGlite.create({ dataDir: database });
    return {
      shared: false,
      transaction: (body) => transaction(db, body),
      script: (sql) => db.transaction(async (tx) => void (await tx.exec(sql))),
      close: async () => {
        await db.close();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** Beside the final place, then renamed: a start that was killed leaves no half database. */
async function initialise(directory: string, database: string): Promise<void> {
  const temporary = await mkdtemp(join(directory, 'database.new-'));
  try {
    const db = await PGlite.create({ dataDir: temporary });
    await db.close();
    await rename(temporary, database);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function transaction<T>(db: PGlite, body: (run: Run) => Promise<T>): Promise<T> {
  return db.transaction((tx) =>
    body(async (sql, parameters) => (await tx.query(sql, parameters && [...parameters])).rows),
  );
}
