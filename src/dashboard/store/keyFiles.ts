import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, SynscError } from '../../errors.ts';

export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** As `readIfThere`; refuses a file that others than its owner can read. */
export async function readPrivate(path: string): Promise<Buffer | undefined> {
  const bytes = await readIfThere(path);
  if (bytes && ((await stat(path)).mode & 0o077) !== 0) {
    throw new SynscError('UNSAFE_DIRECTORY', `others can read the key file ${path}`, {
      hint: `make it yours alone (chmod 600 ${path}), and rotate the key if it was seen: \`synsc dashboard rotate-key\``,
    });
  }
  return bytes;
}

/**
 * Writes a key file (0600) and syncs it before it gets its name. Returns what the file holds: the
 * other's bytes when another process was first.
 */
export async function createKeyFile(path: string, bytes: Buffer): Promise<Buffer> {
  const temporary = await writeTemporary(path, bytes);
  await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(temporary, { force: true });
  await syncDirectory(dirname(path));
  return readFile(path);
}

/** Replaces a key file in one step: a reader, or a crash, meets the old one or the new one. */
export async function replaceKeyFile(path: string, bytes: Buffer): Promise<void> {
  await rename(await writeTemporary(path, bytes), path);
  await syncDirectory(dirname(path));
}

/** Removes a key file for good, as far as a file system lets one. */
export async function removeKeyFile(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncDirectory(dirname(path));
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function writeTemporary(path: string, bytes: Buffer): Promise<string> {
  const temporary = `${path}.${randomBytes(8).toString('hex')}.new`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.write(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  return temporary;
}
