import { readSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { ReadStream } from 'node:tty';

/** One descriptor of a command that is read to its end. */
export interface Reader {
  readonly stream: Socket | ReadStream;
  /** Hands over what is there at once: what the command wrote before it ended. */
  drain(): void;
}

/** Reads raw output and hands it to `onData`, and to nobody else. */
export function readAll(
  stream: Socket | ReadStream,
  fd: number,
  onData: (bytes: Buffer) => void,
): Reader {
  let open = true;
  stream.on('data', onData);
  stream.on('error', () => undefined); // EIO: the last process let go of the terminal
  stream.on('close', () => {
    open = false;
  });
  return {
    stream,
    drain() {
      // what a paused stream has read already comes first: read() hands it to the listener above
      let buffered: unknown = stream.read();
      while (buffered !== null) buffered = stream.read();
      for (let size = 1; open && size > 0; ) {
        const chunk = Buffer.allocUnsafeSlow(65_536);
        size = readNow(fd, chunk);
        if (size > 0) onData(chunk.subarray(0, size));
      }
    },
  };
}

/** 0 at the end and where nothing is there now. */
function readNow(fd: number, chunk: Buffer): number {
  try {
    return readSync(fd, chunk);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EAGAIN' || code === 'EIO' || code === 'EBADF') return 0;
    throw error;
  }
}
