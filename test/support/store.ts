import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChanges } from '../../src/dashboard/store/changes.ts';
import type { Context } from '../../src/dashboard/store/context.ts';
import { openEmbedded } from '../../src/dashboard/store/embedded.ts';
import type { Engine } from '../../src/dashboard/store/engine.ts';
import { envelope } from '../../src/dashboard/store/envelope.ts';
import { openKeyring } from '../../src/dashboard/store/keyring.ts';
import { openPostgres } from '../../src/dashboard/store/postgres.ts';
import { openStore } from '../../src/dashboard/store/store.ts';
import { copyDatabase } from './embedded.ts';
import { postgresPrograms, startPostgres } from './postgres.ts';

export type Database = 'pglite' | 'postgres';

/** Every database that this machine has. */
export const databases: readonly Database[] = postgresPrograms()
  ? ['pglite', 'postgres']
  : ['pglite'];

/** A store without a server around it, on a database of its own. */
export interface TestStore extends Context {
  readonly engine: Engine;
  readonly directory: string;
  /** Of PostgreSQL, as its superuser. */
  readonly url: string | undefined;
  /** Makes an account; returns its id. */
  addUser(id: string): Promise<string>;
  close(): Promise<void>;
}

export async function openTestStore(database: Database): Promise<TestStore> {
  const directory = await mkdtemp(join(tmpdir(), 'synsc-store-'));
  const postgres = database === 'postgres' ? await startPostgres() : undefined;
  if (!postgres) await copyDatabase(directory);
  const engine = postgres
    ? await openPostgres(postgres.url, String)
    : await openEmbedded(directory);
  const keyring = await openKeyring(join(directory, 'keys'));
  const store = await openStore(engine, keyring.secret);
  return {
    ...{ engine, directory, url: postgres?.url, store, keyring, envelope: envelope(keyring) },
    ...{ changes: await openChanges(store), codeLifetime: 900, pollInterval: 5 },
    async addUser(id) {
      await store.tx(null, (query) => query('signUp', [id, `${id}@example.org`, 'x']));
      return id;
    },
    async close() {
      await store.close();
      await postgres?.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
