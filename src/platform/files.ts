import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import path from 'node:path';

const listLimit = 200;

/** A mark that changes with a file: inode, size and time of change; undefined when there is no file. */
export function markOf(file: string): string | undefined {
  try {
    const info = statSync(file, { bigint: true });
    return info.isFile() ? `${info.ino} ${info.size} ${info.mtimeNs}` : undefined;
  } catch {
    return undefined;
  }
}

/** The files of a directory itself, at most 200. */
export function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .slice(0, listLimit)
      .map((name) => path.join(directory, name));
  } catch {
    return [];
  }
}

/** Bytes of a regular file of at most `limit`; never waits for a FIFO or device. */
export function readSmall(file: string, limit: number): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const info = fstatSync(fd);
    return info.isFile() && info.size <= limit ? readFileSync(fd) : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Removes a directory of ours with all that is in it, also what a command closed by its mode. */
export function removeTree(directory: string): void {
  const how = { recursive: true, force: true };
  try {
    clear(directory);
  } catch {
    // it is not there, or not ours to read: told by the next try
  }
  try {
    rmSync(directory, how);
  } catch {
    openTree(directory);
    rmSync(directory, how);
  }
}

/** The quick way: `rmSync` looks at each file several times. */
function clear(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const place = path.join(directory, entry.name);
    if (entry.isDirectory()) clear(place);
    else unlinkSync(place);
  }
  rmdirSync(directory);
}

function openTree(directory: string): void {
  chmodSync(directory, 0o700);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) openTree(path.join(directory, entry.name));
  }
}
