import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

/**
 * An initialised, empty database, since initdb in WebAssembly takes five seconds. The build puts it
 * beside the bundle; a source tree has none. Layout: gzip of a line of JSON, the entries, and then
 * their contents one after the other.
 */
const template = fileURLToPath(new URL('./database.template', import.meta.url));

interface Entry {
  readonly path: string;
  /** Null for a directory. */
  readonly size: number | null;
}

/** Packs a directory of a database that is closed. */
export async function packTemplate(directory: string): Promise<Buffer> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  const entries: Entry[] = [];
  const contents: Buffer[] = [];
  for (const item of found.sort((a, b) => (place(a) < place(b) ? -1 : 1))) {
    const path = relative(directory, place(item));
    const bytes = item.isFile() ? await readFile(place(item)) : undefined;
    if (bytes) contents.push(bytes);
    entries.push({ path, size: bytes?.length ?? null });
  }
  const index = Buffer.from(`${JSON.stringify(entries)}\n`);
  return promisify(gzip)(Buffer.concat([index, ...contents]), { level: 9 });
}

/** False where there is no template. */
export async function unpackTemplate(directory: string, packed = template): Promise<boolean> {
  if (!existsSync(packed)) return false;
  const bytes = await promisify(gunzip)(await readFile(packed));
  const end = bytes.indexOf('\n');
  const entries = JSON.parse(bytes.toString('utf8', 0, end)) as Entry[];
  let offset = end + 1;
  // at once: a thousand files, of which each would go to the thread pool three times
  for (const { path, size } of entries) {
    const target = join(directory, path);
    if (size === null) {
      mkdirSync(target, { recursive: true, mode: 0o700 });
      continue;
    }
    writeFileSync(target, bytes.subarray(offset, offset + size), { mode: 0o600 });
    offset += size;
  }
  return true;
}

function place(item: { parentPath: string; name: string }): string {
  return join(item.parentPath, item.name);
}
