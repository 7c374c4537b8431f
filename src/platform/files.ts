import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { codeOf } from '../errors.ts';

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

/**
 * Bytes of a regular file; never waits for a FIFO, nor reads a device that never ends. Throws as
 * `readFileSync` does, and RangeError for what is no such file or larger than `limit`.
 */
export function readRegular(file: string, limit: number): Buffer {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const info = fstatSync(fd);
    if (info.isFile() && info.size <= limit) return readFileSync(fd);
    throw new RangeError(`not a regular file of at most ${limit} bytes`);
  } finally {
    closeSync(fd);
  }
}

/** The same; undefined for what can't be read. */
export function readSmall(file: string, limit: number): Buffer | undefined {
  try {
    return readRegular(file, limit);
  } catch {
    return undefined;
  }
}

/**
 * Puts a file of mode 0600 in place in one step: whoever reads it meanwhile finds the old one or the new
 * one. Throws as `writeFileSync` does; the old one stays then.
 */
export function replaceFile(file: string, data: string | Buffer): void {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(temporary, data, { mode: 0o600, flag: 'wx' });
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Kept open, so that directories can be removed where no further file can be opened. */
let spare: number | undefined;

export function reserveDescriptor(): void {
  spare ??= openSync('/dev/null', 'r');
}

function useReserve(): void {
  if (spare !== undefined) closeSync(spare);
  spare = undefined;
}

/**
 * Removes a directory of ours with all that is in it, also what a command closed by its mode. Of a link
 * that took its place only the link: where it leads to is not ours.
 */
export function removeTree(directory: string): void {
  const how = { recursive: true, force: true };
  if (lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    rmSync(directory, how);
    return;
  }
  try {
    clear(directory);
  } catch (error) {
    if (codeOf(error) === 'EMFILE') useReserve();
    // it may not be ours to read: told by the next try
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
