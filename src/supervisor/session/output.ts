import type { Result } from '../../../protocol/session/methods.ts';
import type { Segment, StreamName } from '../process/output.ts';
import type { ManagedProcess } from '../process/table.ts';
import { unfinished } from '../redaction/width.ts';
import { Follower, type Sink } from './follow.ts';
import type { Caller } from './verbs.ts';

type Encoding = 'utf8' | 'base64' | undefined;

interface From {
  /** Bytes since the start of the output. */
  readonly fromOffset?: number | undefined;
  readonly encoding?: Encoding;
}

/** Who follows which process by notifications: one connection follows a process once. */
export class Attachments {
  readonly #followers = new WeakMap<Caller, Map<string, Follower>>();
  readonly #owners = new WeakMap<ManagedProcess, string | symbol>();

  /** Notes which connection started a process: when it follows it and doesn't read, the process waits. */
  own(process: ManagedProcess, { asker }: Caller): void {
    this.#owners.set(process, asker);
  }

  /** The same for a stream, which any connection of the caller's process may open. */
  ownByStream(process: ManagedProcess, { origin, asker }: Caller): void {
    this.#owners.set(process, origin ?? asker);
  }

  ownsStream(process: ManagedProcess, { origin }: Caller): boolean {
    return origin !== undefined && this.#owners.get(process) === origin;
  }

  /** Notifies a caller of output from an offset on, then of the exit; answers where that begins. */
  attach(process: ManagedProcess, caller: Caller, from: From): { offset: number } {
    this.detach(process, caller);
    const { log } = process;
    const offset = Math.min(Math.max(from.fromOffset ?? 0, log.start), log.end);
    const { notify, notifyOutput, drained } = caller;
    if (!notify || !notifyOutput || !drained || caller.gone.aborted) return { offset };
    const detach = () => this.detach(process, caller);
    const reach = { notify, notifyOutput, drained };
    const sink = new Notifications(process, reach, from.encoding, detach);
    const owner = this.#owners.get(process) === caller.asker;
    const follower = new Follower(process, sink, { fromOffset: from.fromOffset, owner });
    this.#of(caller).set(process.id, follower);
    caller.gone.addEventListener('abort', detach, { once: true });
    void process.released.then(() => caller.gone.removeEventListener('abort', detach));
    follower.start();
    return { offset };
  }

  detach(process: ManagedProcess, caller: Caller): void {
    this.#of(caller).get(process.id)?.stop();
    this.#of(caller).delete(process.id);
  }

  ack(process: ManagedProcess, caller: Caller, offset: number): void {
    this.#of(caller).get(process.id)?.ack(offset);
  }

  #of(caller: Caller): Map<string, Follower> {
    const known = this.#followers.get(caller) ?? new Map<string, Follower>();
    this.#followers.set(caller, known);
    return known;
  }
}

type Reach = Required<Pick<Caller, 'notify' | 'notifyOutput' | 'drained'>>;

/** Output and exit of one process as notifications to one connection. */
class Notifications implements Sink {
  readonly #process: ManagedProcess;
  readonly #caller: Reach;
  readonly #base64: boolean;
  readonly #finish: () => void;
  readonly #texts = new Map<StreamName, Text>();

  constructor(process: ManagedProcess, caller: Reach, encoding: Encoding, finish: () => void) {
    this.#process = process;
    this.#caller = caller;
    this.#base64 = encoding === 'base64';
    this.#finish = finish;
  }

  piece(segment: Segment): boolean {
    if (this.#base64) return this.#send(segment);
    const text = this.#texts.get(segment.stream) ?? new Text(segment);
    this.#texts.set(segment.stream, text);
    return this.#send(text.take(segment));
  }

  gap(): void {
    this.#endTexts();
  }

  end(): void {
    this.#endTexts();
    this.#finish();
    const { id: processId, status, redactions } = this.#process;
    const exit = status ?? { exitCode: null, signal: null };
    this.#caller.notify('exit', { processId, ...exit, redactions });
  }

  drained(): Promise<void> {
    return this.#caller.drained();
  }

  #send(piece: Segment): boolean {
    if (piece.data.length === 0) return true;
    return this.#caller.notifyOutput(this.#process.id, piece, this.#base64);
  }

  /** What stays incomplete comes as U+FFFD. */
  #endTexts(): void {
    for (const { rest } of this.#texts.values()) this.#send(rest);
    this.#texts.clear();
  }
}

/** Text of one stream; a character that is cut at the end of a piece comes with the next one. */
class Text {
  /** Bytes of that character so far, and where they stood: output of another stream may follow them. */
  #rest: Segment;

  constructor(first: Segment) {
    this.#rest = { ...first, data: Buffer.alloc(0) };
  }

  get rest(): Segment {
    return this.#rest;
  }

  /** The whole characters, at the offset of the first byte. */
  take(segment: Segment): Segment {
    const { data: held } = this.#rest;
    const begun = held.length === 0 ? segment : this.#rest;
    const all = held.length === 0 ? segment.data : Buffer.concat([held, segment.data]);
    const data = wholeCharacters(all);
    const rest = Buffer.from(all.subarray(data.length));
    const isNew = data.length >= held.length;
    const offset = isNew ? segment.offset + data.length - held.length : begun.offset;
    this.#rest = { ...segment, offset, data: rest };
    return { ...begun, data };
  }
}

/** One piece of output for a client that polls; text ends at a whole character. */
export function readOutput(
  process: ManagedProcess,
  {
    fromOffset = 0,
    maxBytes = 256 * 1024,
    encoding,
  }: { fromOffset?: number | undefined; maxBytes?: number | undefined; encoding?: Encoding },
): Result<'output'> {
  const { log, status } = process;
  const segments = log.from(fromOffset, maxBytes);
  const start = Math.min(Math.max(fromOffset, log.start), log.end);
  const bytes = Buffer.concat(segments.map(({ data }) => data)).subarray(0, maxBytes);
  const more = status === undefined || start + bytes.length < log.end;
  const whole = encoding === 'base64' || !more ? bytes : wholeCharacters(bytes);
  // a limit below the length of a character must not stop the reading
  const data = whole.length === 0 && bytes.length === maxBytes ? bytes : whole;
  const offset = start + data.length;
  return {
    data: data.toString(encoding ?? 'utf8'),
    offset,
    eof: status !== undefined && offset >= log.end,
  };
}

/** Leaves a character that is cut at the end for the next call. */
function wholeCharacters(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length - unfinished(bytes));
}
