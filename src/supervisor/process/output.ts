export type StreamName = 'stdout' | 'stderr' | 'tty';

export interface Segment {
  readonly stream: StreamName;
  /** Bytes since the start of the redacted output of the process, over all its streams. */
  readonly offset: number;
  readonly data: Buffer;
}

/** Bytes of redacted output that are kept for each process. */
const kept = 2 * 1024 * 1024;

/** What a process has written, redacted: the last 2 MiB, by absolute offset. */
export class OutputLog {
  #segments: Segment[] = [];
  #start = 0;
  #end = 0;
  #ended = false;
  readonly #listeners = new Set<(segment: Segment | undefined) => void>();

  /** Offset of the next byte. */
  get end(): number {
    return this.#end;
  }

  /** Nothing will follow. */
  get ended(): boolean {
    return this.#ended;
  }

  append(stream: StreamName, data: Buffer): void {
    if (data.length === 0) return;
    const segment = { stream, offset: this.#end, data };
    this.#segments.push(segment);
    this.#end += data.length;
    while (this.#end - this.#start > kept && this.#segments.length > 1) {
      this.#start += this.#segments.shift()?.data.length ?? 0;
    }
    for (const hear of this.#listeners) hear(segment);
  }

  /** Forgets what was kept: nobody can ask for it any more. */
  clear(): void {
    this.finish();
    this.#segments = [];
    this.#start = this.#end;
    this.#listeners.clear();
  }

  finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const hear of this.#listeners) hear(undefined);
  }

  /** Hears each new segment, and undefined at the end, until the returned function is called. */
  listen(hear: (segment: Segment | undefined) => void): () => void {
    this.#listeners.add(hear);
    return () => void this.#listeners.delete(hear);
  }

  /** Segments from an offset on; what is no longer kept is left out. */
  from(offset: number): Segment[] {
    return this.#segments.flatMap((segment) => {
      const skip = offset - segment.offset;
      if (skip <= 0) return [segment];
      if (skip >= segment.data.length) return [];
      return [{ ...segment, offset, data: segment.data.subarray(skip) }];
    });
  }

  /** The last `limit` bytes of one stream, cut at a character; whether anything is missing before. */
  tail(stream: StreamName, limit = kept): { text: string; truncated: boolean } {
    const all = Buffer.concat(
      this.#segments.filter((one) => one.stream === stream).map(({ data }) => data),
    );
    let from = Math.max(0, all.length - limit);
    // a UTF-8 character has at most three continuation bytes (10xxxxxx)
    while (from > 0 && from < all.length && ((all[from] ?? 0) & 0xc0) === 0x80) from += 1;
    return { text: all.toString('utf8', from), truncated: from > 0 || this.#start > 0 };
  }
}
