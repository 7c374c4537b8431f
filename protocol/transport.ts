/** 1 MiB: a line or body of the session's socket is at most this long. */
export const messageLimit = 1024 * 1024;

/** Cuts a byte stream into lines; works on bytes, so a character split over chunks stays whole. */
export interface LineReader {
  /** The lines that this chunk completes, without their line feeds. */
  push(chunk: Buffer): Buffer[];
  /** What came after the last line feed. */
  rest(): Buffer;
  /** The unfinished line is longer than the limit; nothing more is kept. */
  readonly tooLong: boolean;
}

const lineFeed = 0x0a;

/** `limit`: bytes a line may have; a longer one sets `tooLong` and ends the reading. */
export function createLineReader(limit = Number.POSITIVE_INFINITY): LineReader {
  let parts: Buffer[] = [];
  let length = 0;
  let tooLong = false;

  function keep(part: Buffer): boolean {
    length += part.length;
    tooLong = length > limit;
    if (tooLong) parts = [];
    else if (part.length > 0) parts.push(part);
    return !tooLong;
  }
  function take(): Buffer {
    const [first] = parts;
    const line = parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
    parts = [];
    length = 0;
    return line;
  }
  return {
    push(chunk) {
      const lines: Buffer[] = [];
      let start = 0;
      while (!tooLong) {
        const end = chunk.indexOf(lineFeed, start);
        if (end === -1) {
          keep(chunk.subarray(start));
          break;
        }
        if (keep(chunk.subarray(start, end))) lines.push(take());
        start = end + 1;
      }
      return lines;
    },
    rest: take,
    get tooLong() {
      return tooLong;
    },
  };
}

/** One message as a line: JSON never holds a raw line feed. */
export function encodeLine(message: unknown): string {
  return `${JSON.stringify(message)}\n`;
}
