import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { SynscError } from '../../errors.ts';
import { libc } from '../../platform/native.ts';

const exclusiveWithoutWaiting = 2 | 4;

/**
 * Holds `directory` for this process until the returned function is called or the process dies
 * (flock(2): the kernel drops it, also after SIGKILL). Two processes on one embedded database lose
 * rows silently.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const file = await open(join(directory, 'lock'), 'a+', 0o600);
  if (flock(file.fd, exclusiveWithoutWaiting) !== 0) {
    const holder = await readHolder(file);
    await file.close();
    throw new SynscError('CONFLICT', `another dashboard${holder} uses this data directory`, {
      hint: 'stop it, or choose another directory with --data',
    });
  }
  await file.truncate(0);
  await file.write(`${process.pid}\n`);
  return () => file.close();
}

async function readHolder(file: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
  const pid = buffer.toString('utf8', 0, bytesRead).trim();
  return /^\d+$/.test(pid) ? ` (process ${pid})` : '';
}

function flock(fd: number, operation: number): number {
  const call = libc('int flock(int fd, int operation)');
  if (call === undefined) {
    throw new SynscError('UNSUPPORTED', 'the embedded database needs flock(2)', {
      hint: 'install the optional package koffi, or use PostgreSQL: --database-url URL',
    });
  }
  return Number(call(fd, operation));
}
