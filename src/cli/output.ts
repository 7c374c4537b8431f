import type { StreamExit } from '../../protocol/client.ts';
import { printJson } from './print.ts';

/** Bytes of each stream that `--json` keeps. */
const kept = 2 * 1024 * 1024;

/** The last 2 MiB of a stream, as the session itself keeps them. */
class Tail {
  truncated = false;
  readonly #pieces: Buffer[] = [];
  #size = 0;

  push(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#size += bytes.length;
    while (this.#size > kept && this.#pieces.length > 1) {
      this.#size -= this.#pieces.shift()?.length ?? 0;
      this.truncated = true;
    }
  }

  toString(): string {
    return Buffer.concat(this.#pieces).toString();
  }
}

/** Where output goes: to our own, or into the one JSON result. */
export class Output {
  readonly #collect: boolean;
  readonly #collected = { stdout: new Tail(), stderr: new Tail() };
  #last: Promise<void> = Promise.resolve();

  #unread = false;
  /** Resolves when nobody reads our output any more. */
  readonly broken: Promise<'broken'>;

  constructor(collect: boolean) {
    this.#collect = collect;
    this.broken = new Promise((resolve) => {
      for (const sink of [process.stdout, process.stderr])
        sink.on('error', () => {
          this.#unread = true;
          resolve('broken');
        });
    });
  }

  /** Answers the stream that is full, where one is. */
  take(stream: 'stdout' | 'stderr' | 'tty', bytes: Buffer): NodeJS.WriteStream | undefined {
    const name = stream === 'stderr' ? 'stderr' : 'stdout';
    if (this.#collect) {
      this.#collected[name].push(bytes);
      return undefined;
    }
    if (this.#unread) return undefined; // what comes now is dropped
    let taken = true;
    this.#last = new Promise((resolve) => {
      taken = process[name].write(bytes, () => resolve());
    });
    return taken ? undefined : process[name];
  }

  /** Resolves when everything was handed over. */
  flushed(): Promise<void> {
    return this.#last;
  }

  print(processId: string, exit: StreamExit): void {
    const { stdout, stderr } = this.#collected;
    const { exitCode, signal, redactions, decisions } = exit;
    const result = {
      ...{ processId, exitCode, signal },
      ...{ stdout: stdout.toString(), stderr: stderr.toString() },
      truncated: stdout.truncated || stderr.truncated,
      ...{ redactions, decisions },
    };
    printJson(result);
  }
}
