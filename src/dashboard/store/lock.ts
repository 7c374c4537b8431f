import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SynscError } from '../../errors.ts';
import { libc } from '../../platform/native.ts';

/** flock(2). The kernel drops a lock with its last descriptor: also after SIGKILL, in any namespace. */
const operations = { shared: 1, exclusive: 2 } as const;
const withoutWaiting = 4;
/** Milliseconds between two tries, and how many of them. */
const pause = 25;
const tries = 2400;

/**
 * Holds `directory` for this process until the returned function is called or the process dies. Two
 * processes on one embedded database lose rows silently.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const file = await open(join(directory, 'lock'), 'a+', 0o600);
  if (!take(file, 'exclusive')) {
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

/** Runs `body` alone in `directory`, or beside others that share it. Waits for its turn. */
export async function withLock<T>(
  directory: string,
  kind: keyof typeof operations,
  body: () => Promise<T>,
): Promise<T> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = await open(join(directory, 'lock'), 'a+', 0o600);
  try {
    for (let left = tries; !take(file, kind); left -= 1) {
      if (left === 0) {
        throw new SynscError('CONFLICT', 'another process has held the keys for a minute', {
          hint: 'wait for it, such as `synsc dashboard rotate-key`, to end and try again',
        });
      }
      await sleep(pause);
    }
    return await body();
  } finally {
    await file.close();
  }
}

async function readHolder(file: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
  const pid = buffer.toString('utf8', 0, bytesRead).trim();
  return /^\d+$/.test(pid) ? ` (process ${pid})` : '';
}

function take(file: FileHandle, kind: keyof typeof operations): boolean {
  const call = libc('int flock(int fd, int operation)');
  if (call === undefined) {
    throw new SynscError('UNSUPPORTED', 'the dashboard needs flock(2) for its data directory', {
      hint: 'install the optional package koffi',
    });
  }
  return Number(call(file.fd, operations[kind] | withoutWaiting)) === 0;
}
