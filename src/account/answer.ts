/** Bytes that the head of an answer may have, and a line of its chunks. */
const headLimit = 16 * 1024;
const lineLimit = 1024;

/** Status line and fields of an answer. */
export interface Head {
  readonly status: number;
  /** By lower-case name; several of one name are joined by commas (RFC 9110 §5.3). */
  readonly headers: Readonly<Record<string, string>>;
}

/** Hears an answer as it comes. */
export interface AnswerHearer {
  head(head: Head): void;
  body(bytes: Buffer): void;
}

/** What is read next; `untilEnd`: the body goes on until the connection ends. */
type State = 'head' | 'body' | 'chunkSize' | 'chunk' | 'chunkEnd' | 'trailer' | 'untilEnd' | 'done';

/**
 * Reads one answer of HTTP/1.1 (RFC 9112) from the bytes of a connection. `node:http` would do the same, and
 * loading it with all that its client is made of costs a start of a session 13 ms. It takes what the RFC
 * lets servers send today and refuses everything else: every method throws an error then.
 */
export class AnswerReader {
  readonly #hearer: AnswerHearer;
  #state: State = 'head';
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes still to come of a body with a length, or of a chunk. */
  #left = 0;
  #keepAlive = false;

  constructor(hearer: AnswerHearer) {
    this.#hearer = hearer;
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  /** Whether the connection is good for another exchange; where bytes follow the answer it is not. */
  get reusable(): boolean {
    return this.done && this.#keepAlive && this.#rest.length === 0;
  }

  push(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (this.#step());
  }

  /** The other side sends no more. */
  end(): void {
    if (this.#state !== 'untilEnd' && !this.done) throw new AnswerError('it ended in the middle');
    this.#state = 'done';
  }

  /** False when it needs more bytes, or none. */
  #step(): boolean {
    switch (this.#state) {
      case 'head':
        return this.#readHead();
      case 'chunkSize':
        return this.#readLine((line) => this.#beginChunk(line));
      case 'chunkEnd':
        return this.#readLine((line) => this.#endChunk(line));
      case 'trailer':
        return this.#readLine((line) => {
          if (line === '') this.#state = 'done';
        });
      case 'body':
        return this.#readBody('done');
      case 'chunk':
        return this.#readBody('chunkEnd');
      case 'untilEnd':
        this.#left = this.#rest.length;
        return this.#readBody('untilEnd');
      case 'done':
        return false;
    }
  }

  #readHead(): boolean {
    const text = this.#take('\r\n\r\n', headLimit);
    if (text === undefined) return false;
    const { version, ...head } = parseHead(text);
    if (head.status === 101) throw new AnswerError('nobody asked for another protocol');
    if (head.status < 200) return true; // RFC 9110 §15.2: the answer itself follows
    const { headers, status } = head;
    this.#keepAlive = version === '1.1' && !/\bclose\b/i.test(headers.connection ?? '');
    this.#begin(status, headers);
    this.#hearer.head(head);
    return true;
  }

  /** RFC 9112 §6.3; two ways at once to tell the length are how answers are smuggled. */
  #begin(status: number, headers: Head['headers']): void {
    const { 'content-length': length, 'transfer-encoding': encoding } = headers;
    if (encoding !== undefined) {
      if (encoding.toLowerCase() !== 'chunked' || length !== undefined)
        throw new AnswerError('its transfer encoding is unknown');
      this.#state = 'chunkSize';
    } else if (status === 204 || status === 304) this.#state = 'done';
    else if (length === undefined) this.#state = 'untilEnd';
    else this.#expect(length, /^\d{1,12}$/, 10);
    if (this.#state === 'untilEnd') this.#keepAlive = false;
  }

  #expect(digits: string, form: RegExp, radix: 10 | 16): void {
    if (!form.test(digits)) throw new AnswerError('a length in it is no number');
    this.#left = Number.parseInt(digits, radix);
    if (radix === 10) this.#state = this.#left === 0 ? 'done' : 'body';
    else this.#state = this.#left === 0 ? 'trailer' : 'chunk';
  }

  #beginChunk(line: string): void {
    const [size = ''] = line.split(';'); // RFC 9112 §7.1.1: extensions that nobody knows are ignored
    this.#expect(size.trimEnd(), /^[0-9a-f]{1,8}$/i, 16);
  }

  #endChunk(line: string): void {
    if (line !== '') throw new AnswerError('a chunk is longer than it says');
    this.#state = 'chunkSize';
  }

  #readBody(next: State): boolean {
    if (this.#rest.length === 0) return false;
    const bytes = this.#rest.subarray(0, this.#left);
    this.#rest = this.#rest.subarray(bytes.length);
    this.#left -= bytes.length;
    if (this.#left === 0) this.#state = next;
    this.#hearer.body(bytes);
    return true;
  }

  #readLine(take: (line: string) => void): boolean {
    const line = this.#take('\r\n', lineLimit);
    if (line === undefined) return false;
    take(line);
    return true;
  }

  /** What stands before `end`, once that has come. */
  #take(end: string, limit: number): string | undefined {
    const at = this.#rest.indexOf(end);
    if ((at < 0 ? this.#rest.length : at) > limit)
      throw new AnswerError('a part of it is too long');
    if (at < 0) return undefined;
    const text = this.#rest.toString('latin1', 0, at);
    this.#rest = this.#rest.subarray(at + end.length);
    return text;
  }
}

/** The bytes are no answer of HTTP/1.1. */
class AnswerError extends Error {
  readonly code = 'EPROTO';

  constructor(reason: string) {
    super(`the answer cannot be read: ${reason}`);
  }
}

function parseHead(head: string): Head & { readonly version: string } {
  const [first = '', ...lines] = head.split('\r\n');
  const [, version = '', status = ''] = /^HTTP\/(1\.[01]) (\d{3})(?: |$)/.exec(first) ?? [];
  if (version === '') throw new AnswerError('it has no status line');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name = '', text = ''] = /^([\w!#$%&'*+.^`|~-]+):(.*)$/.exec(line) ?? [];
    if (name === '' || text.includes('\0')) throw new AnswerError('a field of it has no form');
    const value = text.trim();
    const key = name.toLowerCase();
    headers[key] = Object.hasOwn(headers, key) ? `${headers[key]}, ${value}` : value;
  }
  return { version, status: Number(status), headers };
}
