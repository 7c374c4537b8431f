import { StringDecoder } from 'node:string_decoder';
import type { Result } from '../../../protocol/session/methods.ts';
import type { Segment, StreamName } from '../process/output.ts';
import type { ManagedProcess } from '../process/table.ts';
import type { Caller } from './verbs.ts';

type Encoding = 'utf8' | 'base64' | undefined;

interface From {
  /** Bytes since the start of the output. */
  readonly fromOffset?: number | undefined;
  readonly encoding?: Encoding;
}

/** Who follows which process: one connection follows a process once. */
export class Attachments {
  readonly #stops = new WeakMap<Caller, Map<string, () => void>>();

  attach(process: ManagedProcess, caller: Caller, from: From): { offset: number } {
    this.detach(process, caller);
    const stops = this.#stops.get(caller) ?? new Map<string, () => void>();
    this.#stops.set(caller, stops);
    const kept = process.log.from(from.fromOffset ?? 0)[0]?.offset ?? process.log.end;
    stops.set(process.id, follow(process, caller, from));
    return { offset: kept };
  }

  detach(process: ManagedProcess, caller: Caller): void {
    this.#stops.get(caller)?.get(process.id)?.();
    this.#stops.get(caller)?.delete(process.id);
  }
}

interface Follow extends From {
  /** The one who started the process: when that one doesn't read, the process waits. */
  readonly owner?: true;
}

/**
 * Sends a process's output to a caller from an offset on, then its exit; returns how to stop. A caller
 * that doesn't read is sent nothing more until it does; a viewer may then find a gap.
 */
export function follow(process: ManagedProcess, caller: Caller, options: Follow): () => void {
  const { notify, drained } = caller;
  if (notify === undefined || drained === undefined) return () => undefined;
  const { owner = false } = options;
  const text = textOf(options.encoding);
  let next = options.fromOffset ?? 0;
  let waiting = false;

  function send({ stream, offset, data }: Segment): boolean {
    next = offset + data.length;
    return notifyOutput(stream, offset, text.write(stream, data));
  }
  function notifyOutput(stream: StreamName, offset: number, data: string): boolean {
    return notify?.('output', { processId: process.id, stream, offset, data }) ?? true;
  }
  function pump(): void {
    if (waiting) return;
    const full = process.log.from(next).find((segment) => !send(segment));
    if (full !== undefined) wait();
    else if (process.log.ended) finish();
  }
  function wait(): void {
    waiting = true;
    if (owner) process.pause();
    void drained?.().then(() => {
      waiting = false;
      if (owner) process.resume();
      if (!caller.gone.aborted) pump();
    });
  }
  function finish(): void {
    stop();
    for (const [stream, rest] of text.end()) notifyOutput(stream, next, rest);
    const status = process.status ?? { exitCode: null, signal: null };
    notify?.('exit', { processId: process.id, ...status, redactions: process.redactions });
  }
  const unlisten = process.log.listen(pump);
  function stop(): void {
    unlisten();
    caller.gone.removeEventListener('abort', stop);
  }
  caller.gone.addEventListener('abort', stop, { once: true });
  pump();
  return stop;
}

/** Text of each stream; a character that is cut at the end of a piece comes with the next one. */
function textOf(encoding: Encoding) {
  const decoders = new Map<StreamName, StringDecoder>();
  return {
    write(stream: StreamName, data: Buffer): string {
      if (encoding === 'base64') return data.toString('base64');
      const decoder = decoders.get(stream) ?? new StringDecoder('utf8');
      decoders.set(stream, decoder);
      return decoder.write(data);
    },
    /** What stays incomplete, as U+FFFD. */
    end: () =>
      [...decoders]
        .map(([stream, decoder]) => [stream, decoder.end()] as const)
        .filter(([, rest]) => rest !== ''),
  };
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
  const segments = process.log.from(fromOffset);
  const start = segments[0]?.offset ?? Math.min(fromOffset, process.log.end);
  const all = Buffer.concat(segments.map(({ data }) => data));
  const more = all.length > maxBytes || process.status === undefined;
  const bytes = all.subarray(0, maxBytes);
  const data = encoding === 'base64' || !more ? bytes : wholeCharacters(bytes);
  const offset = start + data.length;
  return {
    data: data.toString(encoding ?? 'utf8'),
    offset,
    eof: process.status !== undefined && offset >= process.log.end,
  };
}

/** Leaves a character that is cut at the end for the next call (RFC 3629 §3: lengths by first byte). */
function wholeCharacters(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back && bytes.length > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}
