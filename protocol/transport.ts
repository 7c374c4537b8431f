/** 1 MiB: a line or body of the session's socket is at most this long. */
export const messageLimit = 1024 * 1024;

/** Cuts a byte stream into lines; works on bytes, so a character split over chunks stays whole. */
export interface LineReader {
  /**
   * The lines that this chunk completes, without their line feeds. Each is cut when it is asked for; all of
   * them must have been before the next chunk is pushed.
   */
  push(chunk: Buffer): Generator<Buffer, void, void>;
  /** What came after the last line feed. */
  rest(): Buffer;
  /** The unfinished line is longer than the limit; nothing more is kept. */
  readonly tooLong: boolean;
}

const lineFeed = 0x0a;

/** `limit`: bytes a line may have; a longer one sets `tooLong` and ends the reading. */
export function createLineReader(limit = Number.POSITIVE_INFINITY): LineReader {
  const unfinished = new Gathered();
  let tooLong = false;

  function* push(chunk: Buffer): Generator<Buffer, void, void> {
    for (let start = 0; !tooLong; ) {
      const end = chunk.indexOf(lineFeed, start);
      const part = chunk.subarray(start, end === -1 ? chunk.length : end);
      tooLong = unfinished.length + part.length > limit;
      if (tooLong) unfinished.take();
      else if (end === -1) unfinished.add(part);
      if (tooLong || end === -1) return;
      yield unfinished.takeWith(part);
      start = end + 1;
    }
  }
  return {
    push,
    rest: () => unfinished.take(),
    get tooLong() {
      return tooLong;
    },
  };
}

/** Bytes that come in parts, in one piece of memory: many small parts would take a hundred times theirs. */
export class Gathered {
  #memory = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Copies the part. */
  add(part: Buffer): void {
    const needed = this.#length + part.length;
    if (needed > this.#memory.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#memory.length));
      this.#memory.copy(larger, 0, 0, this.#length);
      this.#memory = larger;
    }
    part.copy(this.#memory, this.#length);
    this.#length = needed;
  }

  /** All so far; nothing is kept. */
  take(): Buffer {
    const all = this.#memory.subarray(0, this.#length);
    this.#memory = Buffer.alloc(0);
    this.#length = 0;
    return all;
  }

  /** All so far and the last part, which is not copied where it is the only one. */
  takeWith(last: Buffer): Buffer {
    if (this.#length === 0) return last;
    this.add(last);
    return this.take();
  }
}

/** One message as a line: JSON never holds a raw line feed. */
export function encodeLine(message: unknown): string {
  return `${JSON.stringify(message)}\n`;
}
