import type { Segment } from '../process/output.ts';
import type { ManagedProcess } from '../process/table.ts';

/** Where output is sent to. */
export interface Sink {
  /** Takes a piece, or borrows its block; false asks for no more until `drained` resolves. */
  piece(segment: Segment): boolean;
  /** Output between the last piece and this offset is not kept any more. */
  gap(offset: number): void;
  /** The process has ended and all that it wrote was sent. */
  end(): void;
  /** Resolves when it has taken what was sent, or is gone. */
  drained(): Promise<void>;
}

/** Bytes that a follower who acknowledges may be behind, and how far it must come to get more. */
const windowSize = { most: 256 * 1024, resume: 32 * 1024 };

/** Flow control by acknowledgement: it counts from the first one on. */
class Window {
  #sent = 0;
  #acked: number | undefined;
  #full = false;

  /** Nothing more may be sent for now. */
  get full(): boolean {
    return this.#full;
  }

  sent(offset: number): void {
    this.#sent = offset;
    this.#update();
  }

  /** Cumulative: all bytes before the offset were read. What was never sent can't be. */
  ack(offset: number): void {
    this.#acked = Math.max(this.#acked ?? 0, Math.min(offset, this.#sent));
    this.#update();
  }

  #update(): void {
    if (this.#acked === undefined) return;
    const behind = this.#sent - this.#acked;
    if (behind > windowSize.most) this.#full = true;
    else if (behind <= windowSize.resume) this.#full = false;
  }
}

export interface FollowOptions {
  /** Bytes since the start of the output. */
  readonly fromOffset?: number | undefined;
  /** The one who started the process: when that one doesn't read, the process waits. */
  readonly owner: boolean;
}

/**
 * Sends a process's output to a sink from an offset on, then its end. A sink that is full, or whose
 * window is, gets nothing more until it is not; meanwhile an owner's process waits, and a viewer may find
 * a gap.
 */
export class Follower {
  readonly #process: ManagedProcess;
  readonly #sink: Sink;
  readonly #owner: boolean;
  readonly #window = new Window();
  readonly #unlisten: () => void;
  #next: number;
  #draining = false;
  #holding = false;
  #stopped = false;

  constructor(process: ManagedProcess, sink: Sink, { fromOffset = 0, owner }: FollowOptions) {
    this.#process = process;
    this.#sink = sink;
    this.#owner = owner;
    this.#next = Math.min(fromOffset, process.log.end);
    this.#unlisten = process.log.listen(() => this.#pump());
    this.#window.sent(this.#next);
  }

  /** Sends what is there, and goes on; call it once. */
  start(): void {
    this.#pump();
  }

  ack(offset: number): void {
    this.#window.ack(offset);
    this.#pump();
  }

  /** Sends nothing more; the process goes on. */
  stop(): void {
    this.#stopped = true;
    this.#unlisten();
    this.#hold(false);
  }

  #pump(): void {
    const { log } = this.#process;
    while (!this.#stopped && !this.#isFull() && this.#next < log.end) {
      const segments = log.from(this.#next);
      if (segments.length === 0) this.#skip(log.end);
      for (const segment of segments) if (!this.#send(segment)) break;
    }
    if (this.#stopped) return;
    this.#hold(this.#isFull());
    if (log.ended && !this.#isFull()) {
      this.stop();
      this.#sink.end();
    }
  }

  #isFull(): boolean {
    return this.#draining || this.#window.full;
  }

  /** False: no more for now. */
  #send(segment: Segment): boolean {
    if (segment.offset > this.#next) this.#skip(segment.offset);
    this.#next += segment.data.length;
    this.#window.sent(this.#next);
    if (!this.#sink.piece(segment)) this.#drain();
    return !this.#stopped && !this.#isFull();
  }

  #skip(offset: number): void {
    this.#next = offset;
    this.#sink.gap(offset);
  }

  #drain(): void {
    this.#draining = true;
    void this.#sink.drained().then(() => {
      this.#draining = false;
      this.#pump();
    });
  }

  #hold(hold: boolean): void {
    if (!this.#owner || hold === this.#holding) return;
    this.#holding = hold;
    if (hold) this.#process.pause();
    else this.#process.resume();
  }
}
