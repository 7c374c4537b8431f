import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';

/** How the user's terminal was before the session took it. */
export interface SavedTerminal {
  readonly path: string;
  /** In the form of `stty -g`. */
  readonly settings: string;
}

/** The terminal on our standard input as it is now; undefined where stty(1) does not tell. */
export function savedTerminal(): SavedTerminal | undefined {
  const { stdout } = spawnSync('stty', ['-g'], { stdio: ['inherit', 'pipe', 'ignore'] });
  const settings = stdout?.toString().trim();
  return settings ? { path: readlinkSync('/proc/self/fd/0'), settings } : undefined;
}
