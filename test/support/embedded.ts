import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';

/** Puts an initialised, empty database into a data directory: initdb in WebAssembly takes seconds. */
export async function copyDatabase(data: string): Promise<void> {
  await cp(await template(), join(data, 'database'), { recursive: true });
}

async function template(): Promise<string> {
  const cache = new URL('../../.cache/', import.meta.url).pathname;
  const ready = join(cache, 'pglite-0.5.16');
  if (existsSync(ready)) return ready;
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(join(cache, 'pglite-new-'));
  const db = await PGlite.create({ dataDir: fresh });
  await db.close();
  await rename(fresh, ready).catch(async () => rm(fresh, { recursive: true }));
  return ready;
}
