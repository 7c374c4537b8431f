import { statfsSync } from 'node:fs';

/** <linux/magic.h> */
const TMPFS_MAGIC = 0x01021994;

/** Whether what is written below a directory stays in memory; false where there is no such place. */
export function isTmpfs(directory: string): boolean {
  try {
    return statfsSync(directory).type === TMPFS_MAGIC;
  } catch {
    return false;
  }
}
