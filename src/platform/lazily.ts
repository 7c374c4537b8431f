import { closeSync, openSync } from 'node:fs';
import { SynscError } from '../errors.ts';

/** Descriptors that must be free, since a module loads others beside it. */
const needed = 16;

/**
 * Loads a module with its first use. What Node fails to load once it never loads again, so it is not
 * tried while too many files are open: throws LIMIT then, and the next use tries.
 */
export function lazily<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return async () => {
    if (loading === undefined) {
      requireDescriptors();
      loading = load();
    }
    return loading;
  };
}

function requireDescriptors(): void {
  const open: number[] = [];
  try {
    while (open.length < needed) open.push(openSync('/dev/null', 'r'));
  } catch (cause) {
    throw new SynscError('LIMIT', 'no further file can be opened', {
      cause,
      hint: 'close connections or end commands, or raise the limit of open files: `ulimit -n`',
    });
  } finally {
    for (const fd of open) closeSync(fd);
  }
}
