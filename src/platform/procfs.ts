import { closeSync, openSync, readlinkSync, readSync } from 'node:fs';

/** Of all reads: they are over before the next one begins. */
let buffer = Buffer.alloc(16 * 1024);

/**
 * A short text that the kernel makes when it is read (proc(5)); undefined where there is none any more.
 * Node's own way to read a file takes five times as long for files without a size.
 */
export function readKernelText(file: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    return buffer.toString('latin1', 0, fill(fd));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function fill(fd: number): number {
  for (let length = 0; ; ) {
    const read = readSync(fd, buffer, length, buffer.length - length, null);
    length += read;
    if (read === 0) return length;
    if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.alloc(length)]);
  }
}

/** Whether /proc is there and its numbers are those that system calls take here (pid_namespaces(7)). */
export function showsThisProcess(): boolean {
  try {
    return readlinkSync('/proc/self') === String(process.pid);
  } catch {
    return false;
  }
}
