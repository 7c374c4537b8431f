import { cells, MARKER_CELLS, mask, maskRest, type StreamMode } from './mask.ts';
import { agreement, type Pattern } from './probe.ts';
import type { RedactionTable, Span } from './table.ts';

export type { StreamMode } from './mask.ts';

export interface RedactionStreamOptions {
  readonly mode: StreamMode;
  /** Gets safe bytes; a clean chunk arrives as the buffer that was written. */
  readonly emit: (bytes: Buffer) => void;
  /** One call for each mask. */
  readonly onHit: (name: string) => void;
}

/** Longer than any gap inside one write of the child, shorter than a person notices. */
const HOLD_MS = 20;

/** Overlapping spans as one; `name` is absent when its mask is out already. */
interface Stretch {
  readonly name: string | undefined;
  readonly start: number;
  end: number;
}

/** A form that has agreed so far with everything up to the end of the window. */
interface Live {
  readonly pattern: Pattern;
  readonly matched: number;
}

/**
 * Redacts one file descriptor. Bytes leave at once unless a value may have begun in them; those wait
 * for 20 ms. How long bytes wait never depends on whether they match: a program that does not hold
 * a credential could otherwise learn it from what is late.
 */
export class RedactionStream {
  #table: RedactionTable;
  readonly #options: RedactionStreamOptions;
  /** The end of the stream in which a form may have begun. */
  #window: Buffer = Buffer.alloc(0);
  /** Leading bytes of the window that are out already, raw or masked. */
  #emitted = 0;
  /** End in the window of the last mask; what overlaps it gets no second one. */
  #masked = 0;
  #live: Live[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(table: RedactionTable, options: RedactionStreamOptions) {
    this.#table = table;
    this.#options = options;
  }

  write(chunk: Buffer): void {
    if (chunk.length === 0) return;
    const before = this.#window.length;
    const window = before === 0 ? chunk : Buffer.concat([this.#window, chunk]);
    this.#continueLive(chunk, before);
    const hold = this.#table.holdLength(window);
    const spans = this.#table.find(window);
    this.#advance(window, spans, Math.max(window.length - hold, this.#emitted), hold);
    this.#arm();
  }

  /** Other values from here on; a value that has begun under the old table is still swallowed. */
  use(table: RedactionTable): void {
    this.#table = table;
  }

  /** Releases what is held: nothing more comes. */
  end(): void {
    this.#release();
    this.#window = Buffer.alloc(0);
    this.#emitted = 0;
    this.#masked = 0;
    this.#live = [];
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(): void {
    if (this.#emitted === this.#window.length) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    } else if (this.#timer) this.#timer.refresh();
    else this.#timer = setTimeout(() => this.#release(), HOLD_MS).unref();
  }

  /** Lets the held bytes go, masked where they begin a value; the window stays for what follows. */
  #release(): void {
    this.#timer = undefined;
    const window = this.#window;
    if (this.#emitted === window.length) return;
    const spans = [...this.#table.find(window), ...this.#table.cutOff(window)];
    spans.sort((a, b) => a.start - b.start);
    this.#advance(window, spans, window.length, this.#table.holdLength(window));
  }

  /** Lets the bytes up to `wanted` go and keeps the last `hold` as the next window. */
  #advance(window: Buffer, spans: readonly Span[], wanted: number, hold: number): void {
    const stretches = union(spans, this.#masked);
    const limit = this.#fitted(window, stretches, wanted);
    this.#emitStretches(window, stretches, limit);
    for (const { pattern, start, end } of spans) {
      const matched = end - start;
      if (end === window.length && matched < pattern.length && start < limit) {
        this.#follow({ pattern, matched });
      }
    }
    const kept = Math.min(limit, window.length - hold);
    this.#window = kept === window.length ? Buffer.alloc(0) : Buffer.from(window.subarray(kept));
    this.#emitted = limit - kept;
    this.#masked = Math.max(0, this.#masked - kept);
  }

  /** A mask that the limit would cut too narrow for the marker waits for its end. */
  #fitted(window: Buffer, stretches: readonly Stretch[], limit: number): number {
    if (this.#options.mode === 'pipe' || limit === window.length) return limit;
    const cut = stretches.find(({ start, end }) => start < limit && end > limit);
    if (cut?.name === undefined) return limit;
    const from = Math.max(cut.start, this.#emitted);
    return cells(window.subarray(from, limit)) < MARKER_CELLS ? from : limit;
  }

  #emitStretches(window: Buffer, stretches: readonly Stretch[], limit: number): void {
    const out: Buffer[] = [];
    let at = this.#emitted;
    for (const stretch of stretches) {
      if (stretch.start >= limit) break;
      if (stretch.end <= at) continue;
      const from = Math.max(stretch.start, at);
      if (from > at) out.push(window.subarray(at, from));
      at = Math.min(stretch.end, limit);
      out.push(this.#hide(window.subarray(from, at), stretch.name));
      this.#masked = stretch.end;
    }
    const clean = at === 0 && limit === window.length;
    if (at < limit) out.push(clean ? window : window.subarray(at, limit));
    const bytes = out.length === 1 && out[0] ? out[0] : Buffer.concat(out);
    if (bytes.length > 0) this.#options.emit(bytes);
  }

  #hide(bytes: Buffer, name: string | undefined): Buffer {
    if (name === undefined) return maskRest(bytes, this.#options.mode);
    this.#options.onHit(name);
    return mask(bytes, this.#options.mode);
  }

  /** Follows the forms that had begun into the new chunk, which starts at `before` in the window. */
  #continueLive(chunk: Buffer, before: number): void {
    const followed = this.#live;
    this.#live = [];
    for (const { pattern, matched } of followed) {
      const more = agreement(pattern.form.bytes, matched, chunk, 0);
      if (more > 0) this.#masked = Math.max(this.#masked, before + more);
      if (more === chunk.length && matched + more < pattern.length) {
        this.#follow({ pattern, matched: matched + more });
      }
    }
  }

  #follow(live: Live): void {
    const known = this.#live.some(
      ({ pattern, matched }) => pattern === live.pattern && matched === live.matched,
    );
    if (!known) this.#live.push(live);
  }
}

function union(spans: readonly Span[], masked: number): Stretch[] {
  const stretches: Stretch[] = masked > 0 ? [{ name: undefined, start: 0, end: masked }] : [];
  for (const { pattern, start, end } of spans) {
    const last = stretches.at(-1);
    if (last && start < last.end) last.end = Math.max(last.end, end);
    else stretches.push({ name: pattern.form.name, start, end });
  }
  return stretches;
}
