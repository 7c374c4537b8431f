import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { packTemplate } from '../../src/dashboard/store/template.ts';

const cache = new URL('../../.cache/', import.meta.url).pathname;
/** Where `synsc dashboard` looks when it runs from source. */
const template = new URL('../../src/dashboard/store/database.template', import.meta.url).pathname;

/**
 * Puts an initialised, empty database into a data directory, and where programs that run from source
 * find it: initdb in WebAssembly takes seconds.
 */
export async function copyDatabase(data: string): Promise<void> {
  await cp(await emptyDatabase(), join(data, 'database'), { recursive: true });
}

async function emptyDatabase(): Promise<string> {
  const ready = join(cache, 'pglite-0.5.16');
  await mkdir(cache, { recursive: true });
  if (!existsSync(ready)) {
    const fresh = await mkdtemp(join(cache, 'pglite-new-'));
    const db = await PGlite.create({ dataDir: fresh });
    await db.close();
    await rename(fresh, ready).catch(async () => rm(fresh, { recursive: true }));
  }
  if (!existsSync(template)) {
    const packed = join(cache, `template-${process.pid}`);
    await writeFile(packed, await packTemplate(ready));
    await rename(packed, template);
  }
  return ready;
}
