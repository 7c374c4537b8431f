import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SynscError } from '../../errors.ts';

/** The root key, 32 bytes; made at the first start. Losing it loses every stored credential. */
export async function rootKey(directory: string): Promise<Buffer> {
  const path = join(directory, 'root.key');
  await mkdir(join(directory, 'users'), { recursive: true, mode: 0o700 });
  const found = await readIfThere(path);
  if (found) return checked(found);
  if ((await readdir(join(directory, 'users'))).length > 0) {
    throw new SynscError('UNSUPPORTED', 'the root key is missing: stored credentials need it', {
      hint: 'restore keys/root.key of the data directory from its backup',
    });
  }
  return checked(await createKeyFile(path, randomBytes(32)));
}

export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Writes a key file (0600) and syncs it before it gets its name. Returns what the file holds: the
 * other's bytes when another process was first.
 */
export async function createKeyFile(path: string, bytes: Buffer): Promise<Buffer> {
  const temporary = `${path}.${randomBytes(8).toString('hex')}`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.write(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(temporary, { force: true });
  await syncDirectory(dirname(path));
  return readFile(path);
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function checked(key: Buffer): Buffer {
  if (key.length === 32) return key;
  throw new SynscError('UNSUPPORTED', 'the root key does not have 32 bytes', {
    hint: 'restore keys/root.key of the data directory from its backup',
  });
}
