/** Bytes of a page, and pages of one piece of memory. */
export const pageSize = 64 * 1024;
const pagesOfSlab = 16;
/** Pieces of which no page is used that stay for the next one. */
const spareSlabs = 2;

interface Slab {
  readonly bytes: Buffer;
  /** The last one given back is the first one taken: it is in the processor's cache. */
  readonly free: Buffer[];
}

const slabs: Slab[] = [];

/**
 * Memory outside of V8's care and malloc(3)'s: what is used again and again would else be collected with
 * all garbage each 64 MB, in which everybody waits, and leave holes that nothing else fills.
 */
export function takePage(): Buffer {
  const slab = slabs.find(({ free }) => free.length > 0) ?? addSlab();
  return slab.free.pop() as Buffer;
}

/** Overwrites it, for the next one who takes it. */
export function givePage(page: Buffer): void {
  const slab = slabs.find(({ bytes }) => bytes.buffer === page.buffer);
  slab?.free.push(page.fill(0));
  const unused = slabs.filter(({ free }) => free.length === pagesOfSlab);
  if (unused.length > spareSlabs) slabs.splice(slabs.indexOf(unused.at(-1) as Slab), 1);
}

function addSlab(): Slab {
  const bytes = Buffer.allocUnsafeSlow(pageSize * pagesOfSlab);
  const free = Array.from({ length: pagesOfSlab }, (_, at) =>
    bytes.subarray(at * pageSize, (at + 1) * pageSize),
  );
  const slab = { bytes, free };
  slabs.push(slab);
  return slab;
}
