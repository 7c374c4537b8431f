import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { moveIn } from './pages.ts';

/**
 * What the kernel says about a running process (proc(5)); undefined when it is gone or somebody
 * else's. Text that is not UTF-8 comes with U+FFFD.
 */
export function argumentsOf(pid: number): string[] | undefined {
  const text = read(pid, 'cmdline')?.toString('utf8');
  if (text === undefined) return undefined;
  return text === '' ? [] : text.replace(/\0$/, '').split('\0');
}

/** The environment that a process was started with; what it changed since is not in it. */
export interface ProcessEnvironment {
  readonly plain: Readonly<Record<string, string>>;
  /** Variables that may hold a secret, in memory for values: the caller releases them. */
  readonly hidden: ReadonlyMap<string, Buffer>;
}

/** `hide`: names whose values must not become strings. */
export function environmentOf(
  pid: number,
  hide: ReadonlySet<string>,
): ProcessEnvironment | undefined {
  const bytes = readOnce(`/proc/${pid}/environ`);
  if (bytes === undefined) return undefined;
  const plain: Record<string, string> = {};
  const hidden = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const found = bytes.indexOf(0, at);
    const end = found < 0 ? bytes.length : found;
    const equals = bytes.indexOf('=', at);
    if (equals > at && equals < end) {
      const name = bytes.toString('utf8', at, equals);
      if (hide.has(name)) hidden.set(name, moveIn(bytes.subarray(equals + 1, end)));
      else plain[name] = bytes.toString('utf8', equals + 1, end);
    }
    at = end + 1;
  }
  bytes.fill(0);
  return { plain, hidden };
}

export function workingDirectoryOf(pid: number): string | undefined {
  return link(pid, 'cwd');
}

/** Path of the program file that it runs. */
export function executableOf(pid: number): string | undefined {
  return link(pid, 'exe');
}

/** What a descriptor leads to: a path, or such as `pipe:[4711]`. */
export function descriptorOf(pid: number, fd: number): string | undefined {
  return link(pid, `fd/${fd}`);
}

/** A file in one buffer, without copies of it in others; undefined when it can't be read. */
function readOnce(file: string): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    for (let size = 64 * 1024; ; size *= 4) {
      const bytes = Buffer.alloc(size);
      const length = fill(fd, bytes);
      if (length < size) return bytes.subarray(0, length);
      bytes.fill(0);
    }
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** From the beginning, until it is full or the file ends. */
function fill(fd: number, bytes: Buffer): number {
  let length = 0;
  for (let read = 1; read > 0 && length < bytes.length; length += read) {
    read = readSync(fd, bytes, length, bytes.length - length, length);
  }
  return length;
}

function read(pid: number, file: string): Buffer | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`);
  } catch {
    return undefined;
  }
}

function link(pid: number, file: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${file}`);
  } catch {
    return undefined;
  }
}
