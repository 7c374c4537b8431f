import { libc, memoryAt } from './native.ts';

/**
 * How memory for values is kept from everybody else, best first. `secret`: pages that only this process
 * can read (memfd_secret(2)): not root, no debugger, no core dump, no swap. `locked`: pages without swap
 * (mlock(2)) and core dump. `plain`: neither.
 */
export type Protection = 'secret' | 'locked' | 'plain';

/** One mapping, filled from its beginning; what was filled last can be given back at once, the rest together. */
interface Region {
  readonly bytes: Buffer;
  readonly protection: Protection;
  filled: number;
  inUse: number;
}

// <sys/mman.h>, <fcntl.h>, <asm-generic/unistd.h> of Linux, the same on x64 and arm64
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_PRIVATE_ANONYMOUS = 0x22;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const MADV_DONTFORK = 10;
const MADV_DONTDUMP = 16;
const O_CLOEXEC = 0o2000000;
const SYS_memfd_secret = 447;

/** Bytes of a mapping at least: they count against the user's limit of locked memory (8 MiB). */
const regionSize = 64 * 1024;
const alignment = 16;

const regions: Region[] = [];

/** Memory for a value; the owner gives it back by `release`. Never fails for lack of protected pages. */
export function secretBuffer(size: number): Buffer {
  const needed = aligned(size);
  const region =
    regions.find(({ bytes, filled }) => filled + needed <= bytes.length) ?? map(needed);
  const start = region.filled;
  region.filled += needed;
  region.inUse += 1;
  return region.bytes.subarray(start, start + size);
}

/** Moves a value into such memory: overwrites where it stood. */
export function moveIn(bytes: Buffer): Buffer {
  const kept = secretBuffer(bytes.length);
  bytes.copy(kept);
  bytes.fill(0);
  return kept;
}

/** Overwrites a value and gives its memory back. It may be used no more, and other memory is only overwritten. */
export function release(bytes: Buffer): void {
  bytes.fill(0);
  const region = regions.find((one) => one.bytes.buffer === bytes.buffer);
  if (region === undefined) return;
  region.inUse -= 1;
  const start = bytes.byteOffset - region.bytes.byteOffset;
  if (start + aligned(bytes.length) === region.filled) region.filled = start;
  if (region.inUse === 0) region.filled = 0;
}

/** At least some bytes, so that no two buffers begin at one place. */
function aligned(size: number): number {
  return Math.max(1, Math.ceil(size / alignment)) * alignment;
}

/** What every value so far has had at least. */
export function protection(): Protection {
  const worst = (['plain', 'locked'] as const).find((kind) =>
    regions.some((one) => one.protection === kind),
  );
  return worst ?? (regions.length > 0 ? 'secret' : map(regionSize).protection);
}

function map(needed: number): Region {
  const size = Math.max(regionSize, Math.ceil(needed / 4096) * 4096);
  const made = secretPages(size) ?? lockedPages(size);
  const region = { ...(made ?? plainMemory(size)), filled: 0, inUse: 0 };
  regions.push(region);
  return region;
}

type Memory = Pick<Region, 'bytes' | 'protection'>;

function secretPages(size: number): Memory | undefined {
  if (process.platform !== 'linux') return undefined;
  const fd = Number(libc('long syscall(long number, uint flags)')?.(SYS_memfd_secret, O_CLOEXEC));
  if (!(fd >= 0)) return undefined;
  const sized = libc('int ftruncate(int fd, long size)')?.(fd, size) === 0;
  const address = sized ? mapped(size, MAP_SHARED, fd) : undefined;
  libc('int close(int fd)')?.(fd); // the mapping stays
  return address === undefined ? undefined : { bytes: at(address, size), protection: 'secret' };
}

function lockedPages(size: number): Memory | undefined {
  if (process.platform !== 'linux') return undefined;
  const address = mapped(size, MAP_PRIVATE_ANONYMOUS, -1);
  if (address === undefined) return undefined;
  const locked = libc('int mlock(void *address, size_t size)')?.(address, size) === 0;
  advise(address, size, MADV_DONTDUMP);
  return { bytes: at(address, size), protection: locked ? 'locked' : 'plain' };
}

function plainMemory(size: number): Memory {
  return { bytes: Buffer.alloc(size), protection: 'plain' };
}

function mapped(size: number, flags: number, fd: number): bigint | undefined {
  const mmap = libc(
    'void *mmap(void *address, size_t size, int protection, int flags, int fd, long offset)',
  );
  const address: unknown = mmap?.(null, size, PROT_READ_WRITE, flags, fd, 0);
  if (typeof address !== 'bigint' || address === MAP_FAILED) return undefined;
  advise(address, size, MADV_DONTFORK); // a child has it not even before its exec
  return address;
}

function advise(address: bigint, size: number, advice: number): void {
  libc('int madvise(void *address, size_t size, int advice)')?.(address, size, advice);
}

function at(address: bigint, size: number): Buffer {
  return Buffer.from(memoryAt(address, size));
}
