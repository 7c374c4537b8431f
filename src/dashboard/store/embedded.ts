import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite, type Transaction, types } from '@electric-sql/pglite';
import {
  type Engine,
  type Principal,
  type Role,
  type Run,
  settingsScript,
  settingsStatement,
} from './engine.ts';
import { lockDirectory } from './lock.ts';
import { PreparedStatements, type Step } from './prepared.ts';
import { unpackTemplate } from './template.ts';

/** PGlite's own make a number of each pair of digits: most of the time of a sync. */
const parsers = { [types.BYTEA]: (text: string) => Buffer.from(text.slice(2), 'hex') };
const serializers = {
  [types.BYTEA]: (bytes: Uint8Array) => `\\x${Buffer.from(bytes).toString('hex')}`,
};

/** Of PostgreSQL's settings: its 128 MB of pages would all be touched at the start. */
const settings = ['shared_buffers=16MB'];
const startParams = [...PGlite.defaultStartParams, ...settings.flatMap((one) => ['-c', one])];

/** Between two transactions: the role that reaches least. */
const waitsAs: Role = 'gate';

/**
 * The embedded database in `directory`/database: one process at a time, serial. It survives SIGKILL
 * but not a power cut: PGlite never syncs its files (electric-sql/pglite#1107). Its one session is a
 * superuser's, so the roles guard against faults of our own code and the closed table of statements
 * against injected SQL.
 */
export async function openEmbedded(directory: string): Promise<Engine> {
  const unlock = await lockDirectory(directory);
  try {
    const database = join(directory, 'database');
    if (!existsSync(database)) await initialise(directory, database);
    return engineOf(
      await PGlite.create({ dataDir: database, parsers, serializers, startParams }),
      unlock,
    );
  } catch (error) {
    await unlock();
    throw error;
  }
}

function engineOf(db: PGlite, unlock: () => Promise<void>): Engine {
  const prepared = new PreparedStatements(db);
  return {
    shared: false,
    owner: (body) =>
      db.transaction(async (tx) => {
        await tx.exec('SET LOCAL ROLE postgres');
        return body(ownerRun(tx));
      }),
    enter: async () => void (await db.exec(`SET ROLE synsc_${waitsAs}`)),
    transaction: (principal, body) =>
      db.transaction(async (tx) => {
        await tx.exec(`SET LOCAL ROLE synsc_${principal.role}; ${settingsScript(principal)}`);
        return body((statement, parameters = []) => prepared.within([{ statement, parameters }]));
      }),
    single: (principal, statement, parameters) =>
      prepared.transaction([...entering(principal), { statement, parameters }]),
    listen: async (channel, onMessage) => void (await db.listen(channel, onMessage)),
    close: async () => {
      await db.close();
      await unlock();
    },
  };
}

/** What makes the session the principal's until its transaction ends. */
function entering({ role, settings }: Principal): Step[] {
  if (role === waitsAs && Object.keys(settings).length === 0) return [];
  const all = { role: `synsc_${role}`, ...settings };
  return [{ statement: settingsStatement(all), parameters: Object.values(all) }];
}

function ownerRun(tx: Transaction): Run {
  return async (sql, parameters) => {
    if (parameters) return (await tx.query(sql, [...parameters])).rows;
    return (await tx.exec(sql)).at(-1)?.rows ?? [];
  };
}

/** Beside the final place, then renamed: a start that was killed leaves no half database. */
async function initialise(directory: string, database: string): Promise<void> {
  await removeHalves(directory);
  const temporary = await mkdtemp(join(directory, 'database.new-'));
  try {
    if (!(await unpackTemplate(temporary))) {
      const db = await PGlite.create({ dataDir: temporary });
      await db.close();
    }
    await rename(temporary, database);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function removeHalves(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith('database.new-')) {
      await rm(join(directory, name), { recursive: true, force: true });
    }
  }
}
