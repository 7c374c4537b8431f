import { readlinkSync } from 'node:fs';
import { libc } from './native.ts';

/** How the user's terminal was before the session took it. */
export interface SavedTerminal {
  readonly path: string;
  /** In the form of `stty -g`. */
  readonly settings: string;
}

// <termios.h> of Linux: struct termios { c_iflag, c_oflag, c_cflag, c_lflag (words), c_line, c_cc[32] (bytes), … }
const TCSANOW = 0;
const OPOST = 1;
const termiosSize = 64;
const flagWords = 4;
const controlBytes = { from: 17, count: 32 };

/** The terminal on our standard input as it is now; undefined where that can't be told. */
export function savedTerminal(): SavedTerminal | undefined {
  const settings = settingsOf(0);
  if (settings === undefined) return undefined;
  const flags = settings.subarray(0, flagWords);
  const control = new Uint8Array(settings.buffer, controlBytes.from, controlBytes.count);
  const words = [...flags, ...control].map((number) => number.toString(16));
  return { path: readlinkSync('/proc/self/fd/0'), settings: words.join(':') };
}

function settingsOf(fd: number): Uint32Array | undefined {
  const get = libc('int tcgetattr(int fd, void *termios)');
  const settings = new Uint32Array(termiosSize / 4);
  return process.platform === 'linux' && get?.(fd, settings) === 0 ? settings : undefined;
}

/**
 * Hands output on as it is. Node's raw mode still makes a line feed a new line, which is wrong for what
 * another terminal has already made ready: a full-screen program moves down by a line feed.
 */
export function rawOutput(fd: number): void {
  const settings = settingsOf(fd);
  if (settings === undefined) return;
  settings[1] = (settings[1] ?? 0) & ~OPOST;
  libc('int tcsetattr(int fd, int when, const void *termios)')?.(fd, TCSANOW, settings);
}
