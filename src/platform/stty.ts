import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { libc } from './native.ts';

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

// <termios.h> of Linux: struct termios { c_iflag, c_oflag, … } of 32-bit words
const TCSANOW = 0;
const OPOST = 1;
const termiosSize = 64;

/**
 * Hands output on as it is. Node's raw mode still makes a line feed a new line, which is wrong for what
 * another terminal has already made ready: a full-screen program moves down by a line feed.
 */
export function rawOutput(fd: number): void {
  const get = libc('int tcgetattr(int fd, void *termios)');
  const set = libc('int tcsetattr(int fd, int when, const void *termios)');
  const settings = new Uint32Array(termiosSize / 4);
  if (process.platform !== 'linux' || get?.(fd, settings) !== 0) return;
  settings[1] = (settings[1] ?? 0) & ~OPOST;
  set?.(fd, TCSANOW, settings);
}
