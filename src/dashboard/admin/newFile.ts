import { link, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SynscError } from '../../errors.ts';
import { syncDirectory } from '../store/keyFiles.ts';

/**
 * A file that appears when it is complete: `write` makes the one that it is told, which is then
 * renamed. CONFLICT when `path` exists, unless `force`.
 */
export async function writeNewFile(
  path: string,
  force: boolean,
  write: (partial: string) => Promise<void>,
): Promise<void> {
  if (!force && (await stat(path).catch(() => undefined))) throw taken(path);
  const partial = `${path}.${process.pid}.partial`;
  try {
    await write(partial);
    await (force ? rename(partial, path) : link(partial, path).catch(refuse(path)));
    await syncDirectory(dirname(path));
  } finally {
    await rm(partial, { force: true });
  }
}

function refuse(path: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    throw error.code === 'EEXIST' ? taken(path) : error;
  };
}

function taken(path: string): SynscError {
  return new SynscError('CONFLICT', `${path} exists already`, {
    hint: 'choose another file, or overwrite it with --force',
  });
}
