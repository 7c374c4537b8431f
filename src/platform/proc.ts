import { closeSync, openSync, readSync } from 'node:fs';

/** Each read lands here: Node would take 64 KB anew for a file whose length it isn't told. */
const chunk = Buffer.allocUnsafeSlow(16 * 1024);

/** Text of a file below /proc; throws as `openSync` does, and when its process has ended meanwhile. */
export function readProc(path: string): string {
  const fd = openSync(path, 'r');
  try {
    let text = '';
    for (let size = 1; size > 0; text += chunk.toString('latin1', 0, size))
      size = readSync(fd, chunk);
    return text;
  } finally {
    closeSync(fd);
  }
}
