/** Bytes of the first block of a log, and of the largest. */
const size = { least: 4 * 1024, most: 256 * 1024 };
/** Blocks of the largest size that wait to be filled again, for all logs. */
const spareLimit = 16;
const spares: Buffer[] = [];

interface Block {
  readonly bytes: Buffer;
  /** Somebody may still hold a part of it. */
  held: boolean;
}

/**
 * The memory of a log. A block is filled once, and again only when all that was in it is forgotten and
 * nobody was handed any of it: else each 64 MB would cost a collection of all garbage, in which everybody
 * waits.
 */
export class Blocks {
  /** Oldest first; the last one is being filled. */
  readonly #blocks: Block[] = [];
  #used = 0;

  /** Copies from `data[at]` on as much as fits in one piece, and returns the copy. */
  store(data: Buffer, at: number): Buffer {
    let block = this.#blocks.at(-1)?.bytes;
    if (block === undefined || this.#used === block.length) {
      block = next(block);
      this.#blocks.push({ bytes: block, held: false });
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += data.copy(block, from, at);
    return block.subarray(from, this.#used);
  }

  /** The last bytes that were stored, which are in one block. */
  last(length: number): Buffer {
    const block = this.#blocks.at(-1)?.bytes ?? Buffer.alloc(0);
    return block.subarray(this.#used - length, this.#used);
  }

  /** The oldest bytes are forgotten; `held`: somebody may still have them. */
  forget({ byteOffset, length }: Buffer, held: boolean): void {
    const [oldest] = this.#blocks;
    if (oldest === undefined) return;
    oldest.held ||= held;
    const { bytes } = oldest;
    if (byteOffset - bytes.byteOffset + length < bytes.length) return;
    this.#blocks.shift();
    if (oldest.held || bytes.length < size.most || spares.length === spareLimit) return;
    spares.push(bytes.fill(0));
  }
}

/** Each is twice as large as the one before it. */
function next(before: Buffer | undefined): Buffer {
  const length = Math.min(Math.max(size.least, 2 * (before?.length ?? 0)), size.most);
  return (length === size.most ? spares.pop() : undefined) ?? Buffer.allocUnsafeSlow(length);
}
