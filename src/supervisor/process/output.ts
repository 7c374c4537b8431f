import { type Block, Blocks } from './blocks.ts';

export type StreamName = 'stdout' | 'stderr' | 'tty';

export interface Segment {
  readonly stream: StreamName;
  /** Bytes since the start of the redacted output of the process, over all its streams. */
  readonly offset: number;
  /** Good until more is written, unless its block is borrowed. */
  readonly data: Buffer;
  readonly block: Pick<Block, 'borrow'>;
}

/** Bytes of redacted output that are kept of each process at least. */
const kept = 2 * 1024 * 1024;
/** Bytes that are kept of all of a session at most, and of those that have ended. */
const keptTogether = { all: 32 * 1024 * 1024, ended: 8 * 1024 * 1024 };
/** Segments that are kept for each process: each costs memory of its own. */
const keptSegments = 8_192;

/** What the processes of a session keep together: over a limit the oldest output goes. */
export class OutputMemory {
  readonly #limits: typeof keptTogether;
  readonly #logs = new Set<OutputLog>();
  #total = 0;

  constructor(limits: typeof keptTogether) {
    this.#limits = limits;
  }

  add(log: OutputLog, bytes: number): void {
    this.#logs.add(log);
    this.#total += bytes;
    while (this.#total > this.#limits.all) this.#total -= this.#next().forgetOldest();
  }

  /**
   * One more has ended. The more a session keeps of what it has run, the longer takes each later start. What
   * somebody still reads stays.
   */
  ended(): void {
    const ended = [...this.#logs].filter((log) => log.ended && !log.followed);
    let held = ended.reduce((sum, log) => sum + log.capacity, 0);
    for (const log of ended) {
      while (held > this.#limits.ended && log.size > 0) {
        held -= log.capacity;
        this.remove(log, log.forgetOldest());
        held += log.capacity;
      }
    }
  }

  remove(log: OutputLog, bytes: number): void {
    this.#total -= bytes;
    if (log.size === 0) this.#logs.delete(log);
  }

  /** Finished processes give first, then whoever keeps most. */
  #next(): OutputLog {
    let next: OutputLog | undefined;
    for (const log of this.#logs) {
      if (log.size === 0) continue;
      if (log.ended) return log;
      if (next === undefined || log.size > next.size) next = log;
    }
    if (next === undefined) throw new RangeError('what is counted is kept by some log');
    return next;
  }
}

const sessionMemory = new OutputMemory(keptTogether);

/** What a process has written, redacted: the last 2 MiB, by absolute offset. */
export class OutputLog {
  readonly #memory: OutputMemory;
  #segments: Segment[] = [];
  #start = 0;
  #end = 0;
  #ended = false;
  readonly #blocks = new Blocks();
  readonly #listeners = new Set<(segment: Segment | undefined) => void>();

  constructor(memory = sessionMemory) {
    this.#memory = memory;
  }

  /** Offset of the first byte that is kept. */
  get start(): number {
    return this.#start;
  }

  /** Offset of the next byte. */
  get end(): number {
    return this.#end;
  }

  /** Bytes that are kept. */
  get size(): number {
    return this.#end - this.#start;
  }

  /** Bytes of memory that it takes. */
  get capacity(): number {
    return this.#blocks.capacity;
  }

  /** Nothing will follow. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Somebody hears of it, and may not have it all yet. */
  get followed(): boolean {
    return this.#listeners.size > 0;
  }

  /** Copies what was written: the caller may use the bytes again. */
  append(stream: StreamName, data: Buffer): void {
    for (let at = 0; at < data.length; ) {
      const bytes = this.#blocks.store(data, at);
      this.#add({ stream, offset: this.#end, data: bytes, block: this.#blocks.newest as Block });
      at += bytes.length;
    }
  }

  #add(added: Segment): void {
    const last = this.#segments.at(-1);
    this.#end += added.data.length;
    if (last !== undefined && continues(last, added)) {
      const data = this.#blocks.last(last.data.length + added.data.length);
      this.#segments[this.#segments.length - 1] = { ...last, data };
    } else this.#segments.push(added);
    this.#memory.add(this, added.data.length);
    while (this.#keepsTooMuch()) this.#memory.remove(this, this.forgetOldest());
    for (const hear of this.#listeners) hear(added);
  }

  /** Segments go as wholes, so at least as many bytes stay as are promised. */
  #keepsTooMuch(): boolean {
    const oldest = this.#segments[0]?.data.length ?? 0;
    return this.size - oldest >= kept || this.#segments.length > keptSegments;
  }

  /** Drops the oldest segment; returns its length. */
  forgetOldest(): number {
    const oldest = this.#segments.shift();
    if (oldest === undefined) return 0;
    this.#start += oldest.data.length;
    if (this.#segments.length === 0) this.#blocks.clear();
    else this.#blocks.forget(oldest.data);
    return oldest.data.length;
  }

  /** Forgets what was kept: nobody can ask for it any more. */
  clear(): void {
    this.finish();
    const { size } = this;
    while (this.#segments.length > 0) this.forgetOldest();
    this.#memory.remove(this, size);
    this.#listeners.clear();
  }

  /** The same, for what shows a value: nobody holds any of it any more. */
  wipe(): void {
    for (const { data } of this.#segments) data.fill(0);
    this.clear();
  }

  finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const hear of this.#listeners) hear(undefined);
    this.#memory.ended();
  }

  /** Hears each new segment, and undefined at the end, until the returned function is called. */
  listen(hear: (segment: Segment | undefined) => void): () => void {
    this.#listeners.add(hear);
    return () => void this.#listeners.delete(hear);
  }

  /** Segments from an offset on, up to about `limit` bytes; what is no longer kept is left out. */
  from(offset: number, limit = kept): Segment[] {
    const found: Segment[] = [];
    for (let at = this.#indexOf(offset), size = 0; size < limit; at += 1) {
      const segment = this.#segments[at];
      if (segment === undefined) break;
      const part = after(segment, offset);
      size += part.data.length;
      if (part.data.length > 0) found.push(part);
    }
    return found;
  }

  /** Of the last segment that begins at the offset or before it. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#segments[middle]?.offset ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
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

/** Whether one stands right behind the other. */
function continues(last: Segment, { stream, data, block }: Segment): boolean {
  const end = last.data.byteOffset + last.data.length;
  return last.stream === stream && last.block === block && end === data.byteOffset;
}

function after(segment: Segment, offset: number): Segment {
  const skip = offset - segment.offset;
  if (skip <= 0) return segment;
  return { ...segment, offset, data: segment.data.subarray(skip) };
}
