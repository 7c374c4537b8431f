import { closeSync, openSync } from 'node:fs';
import { codeOf } from '../../src/errors.ts';
import { libc } from '../../src/platform/native.ts';

const RLIMIT_NOFILE = 7;

/** Does something while no further file can be opened in this process. */
export async function withoutDescriptors<T>(work: () => T | Promise<T>): Promise<T> {
  const before = new BigUint64Array(2);
  const setLimit = (limits: BigUint64Array) =>
    libc('int setrlimit(int resource, const uint64_t *limits)')?.(RLIMIT_NOFILE, limits);
  libc('int getrlimit(int resource, uint64_t *limits)')?.(RLIMIT_NOFILE, before);
  const open = [openSync('/dev/null', 'r')];
  setLimit(new BigUint64Array([BigInt((open[0] ?? 0) + 8), before[1] ?? 0n]));
  try {
    fill(open);
    return await work();
  } finally {
    setLimit(before);
    for (const fd of open) closeSync(fd);
  }
}

function fill(open: number[]): void {
  try {
    for (;;) open.push(openSync('/dev/null', 'r'));
  } catch (error) {
    if (codeOf(error) !== 'EMFILE') throw error;
  }
}
