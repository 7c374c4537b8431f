import { givePage, pageSize, takePage } from './slabs.ts';

/** Bytes of the first block of a log; the largest are pages. */
const least = 4 * 1024;

/** Memory that is filled once, and again only when nobody has any of it. */
export class Block {
  readonly bytes: Buffer;
  #borrowers = 0;
  #forgotten = false;

  constructor(length: number) {
    this.bytes = length < pageSize ? Buffer.allocUnsafeSlow(length) : takePage();
  }

  /** Keeps what is in it as it is, until the returned function is called. */
  borrow(): () => void {
    this.#borrowers += 1;
    let borrowed = true;
    return () => {
      if (!borrowed) return;
      borrowed = false;
      this.#borrowers -= 1;
      this.#recycle();
    };
  }

  /** All that is in it is forgotten. */
  forget(): void {
    this.#forgotten = true;
    this.#recycle();
  }

  #recycle(): void {
    if (this.#forgotten && this.#borrowers === 0 && this.bytes.length === pageSize) {
      givePage(this.bytes);
    }
  }
}

/** The memory of a log: of one that keeps little, small blocks. */
export class Blocks {
  /** Oldest first; the last one is being filled. */
  readonly #blocks: Block[] = [];
  #used = 0;

  /** Copies from `data[at]` on as much as fits in one block, and returns the copy. */
  store(data: Buffer, at: number): Buffer {
    if (this.#used === (this.newest?.bytes.length ?? 0)) this.#add();
    const { bytes } = this.newest as Block;
    const from = this.#used;
    this.#used += data.copy(bytes, from, at);
    return bytes.subarray(from, this.#used);
  }

  /** Each is twice as large as the one before it. */
  #add(): void {
    const before = this.newest?.bytes.length ?? 0;
    this.#blocks.push(new Block(Math.min(Math.max(least, 2 * before), pageSize)));
    this.#used = 0;
  }

  /** The block of what was stored last. */
  get newest(): Block | undefined {
    return this.#blocks.at(-1);
  }

  /** The last bytes that were stored, which are in one block. */
  last(length: number): Buffer {
    return (this.newest?.bytes ?? Buffer.alloc(0)).subarray(this.#used - length, this.#used);
  }

  /** Bytes of all blocks, filled or not. */
  get capacity(): number {
    return this.#blocks.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** All is forgotten, also the block that was being filled. */
  clear(): void {
    for (const block of this.#blocks.splice(0)) block.forget();
    this.#used = 0;
  }

  /** The oldest bytes are forgotten. */
  forget({ byteOffset, length }: Buffer): void {
    const [oldest] = this.#blocks;
    if (oldest === undefined) return;
    const { bytes } = oldest;
    if (byteOffset - bytes.byteOffset + length < bytes.length) return;
    this.#blocks.shift();
    oldest.forget();
  }
}
