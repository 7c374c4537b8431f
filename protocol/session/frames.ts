import { Gathered } from '../transport.ts';

/**
 * Frames of `synsc-frames/1`, both ways: 1 byte type, 3 bytes zero, 4 bytes big-endian length, payload.
 * Types 0 to 3 carry raw bytes, 4 to 7 JSON, 8 nothing.
 */
export const frameTypes = {
  stdin: 0,
  stdout: 1,
  stderr: 2,
  tty: 3,
  /** `{columns, rows}` */
  resize: 4,
  /** `{signal}` */
  signal: 5,
  /** `{exitCode, signal, redactions, decisions}`; the last frame. */
  exit: 6,
  /** `{offset}`: read so far; from the session: where the output goes on after a gap. */
  ack: 7,
  endOfStdin: 8,
} as const;

/** Value of the `Upgrade` header. */
export const framesProtocol = 'synsc-frames/1';

/** A whole frame, or any part of the payload of one that carries raw bytes. */
export interface Frame {
  readonly type: number;
  readonly data: Buffer;
}

const headerLength = 8;
/** Bytes of a JSON payload. */
const jsonLimit = 64 * 1024;

export function frameHeader(type: number, length: number): Buffer {
  const header = Buffer.alloc(headerLength);
  header[0] = type;
  header.writeUInt32BE(length, 4);
  return header;
}

export function jsonFrame(type: number, value: unknown): Buffer {
  const payload = Buffer.from(JSON.stringify(value));
  return Buffer.concat([frameHeader(type, payload.length), payload]);
}

/** What the other side sent is no frame; nothing after it can be read. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Cuts a byte stream into frames; raw bytes are handed on as they come, so nothing big is kept. */
export class FrameReader {
  readonly #header = Buffer.alloc(headerLength);
  #headerBytes = 0;
  #type = 0;
  /** Bytes of the payload that are still to come. */
  #left = 0;
  readonly #json = new Gathered();

  /**
   * The frames that this chunk completes. Each is cut when it is asked for; all of them must have been before
   * the next chunk is pushed. Throws FrameError.
   */
  *push(chunk: Buffer): Generator<Frame, void, void> {
    for (let at = 0; at < chunk.length; ) {
      if (this.#headerBytes < headerLength) at += this.#readHeader(chunk, at);
      else {
        const part = chunk.subarray(at, at + this.#left);
        at += part.length;
        this.#left -= part.length;
        if (this.#isJson()) this.#json.add(part);
        else yield { type: this.#type, data: part };
      }
      if (this.#headerBytes === headerLength && this.#left === 0) yield* this.#finish();
    }
  }

  #readHeader(chunk: Buffer, at: number): number {
    const copied = chunk.copy(this.#header, this.#headerBytes, at);
    this.#headerBytes += copied;
    if (this.#headerBytes < headerLength) return copied;
    this.#type = this.#header[0] ?? 0;
    this.#left = this.#header.readUInt32BE(4);
    if (this.#type > frameTypes.endOfStdin || this.#header.readUIntBE(1, 3) !== 0) {
      throw new FrameError('this is no frame');
    }
    const limit = this.#isJson() ? jsonLimit : 0;
    if (this.#type >= frameTypes.resize && this.#left > limit) {
      throw new FrameError('the payload of this frame is too long');
    }
    return copied;
  }

  *#finish(): Generator<Frame, void, void> {
    const data = this.#json.take();
    this.#headerBytes = 0;
    if (this.#type >= frameTypes.resize) yield { type: this.#type, data };
  }

  #isJson(): boolean {
    return this.#type >= frameTypes.resize && this.#type <= frameTypes.ack;
  }
}
