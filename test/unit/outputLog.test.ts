import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Blocks } from '../../src/supervisor/process/blocks.ts';
import { OutputLog, OutputMemory, type StreamName } from '../../src/supervisor/process/output.ts';
import { givePage, takePage } from '../../src/supervisor/process/slabs.ts';

const limit = 2 * 1024 * 1024;
const fresh = () =>
  new OutputLog(new OutputMemory({ all: 32 * 1024 * 1024, ended: 8 * 1024 * 1024 }));

/** Bytes of the first block of a log, and of the largest. */
const [least, largest] = [4 * 1024, 64 * 1024];

function fill(blocks: Blocks, bytes: number): Buffer[] {
  const pieces: Buffer[] = [];
  const data = Buffer.alloc(bytes, 1);
  for (let at = 0; at < bytes; at += pieces.at(-1)?.length ?? 0)
    pieces.push(blocks.store(data, at));
  return pieces;
}

/** All that is kept from an offset on, with the offset at which it begins. */
function kept(log: OutputLog, from = 0) {
  const segments = log.from(from, Number.POSITIVE_INFINITY);
  return { at: segments[0]?.offset, bytes: Buffer.concat(segments.map(({ data }) => data)) };
}

describe('what a process has written', () => {
  test('is there from any offset, as it was written and in its order', () => {
    const writes = fc.array(
      fc.tuple(
        fc.constantFrom<StreamName>('stdout', 'stderr'),
        fc.uint8Array({ maxLength: 9_000 }),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(writes, fc.nat(), (pieces, seed) => {
        const log = fresh();
        for (const [stream, bytes] of pieces) log.append(stream, Buffer.from(bytes));
        const all = Buffer.concat(pieces.map(([, bytes]) => bytes));
        expect(log.end).toBe(all.length);
        const from = all.length === 0 ? 0 : seed % all.length;
        expect(kept(log, from).bytes.equals(all.subarray(from))).toBe(true);
        const errors = pieces.filter(([stream]) => stream === 'stderr').map(([, bytes]) => bytes);
        const seen = log.from(0, all.length + 1).filter(({ stream }) => stream === 'stderr');
        expect(Buffer.concat(seen.map(({ data }) => data)).equals(Buffer.concat(errors))).toBe(
          true,
        );
      }),
    );
  });

  test('is not changed by what is done with the written bytes later', () => {
    const log = fresh();
    const bytes = Buffer.from('abc');
    log.append('stdout', bytes);
    bytes.fill(0);
    expect(kept(log).bytes.toString()).toBe('abc');
  });

  test('stays as it is for whoever has borrowed it, however much follows', () => {
    const size = fc.integer({ min: 1, max: 400_000 });
    fc.assert(
      fc.property(fc.array(fc.tuple(size, fc.boolean()), { maxLength: 40 }), (writes) => {
        const log = fresh();
        const handed: { data: Buffer; byte: number }[] = [];
        writes.forEach(([length, isRead], byte) => {
          const from = log.end;
          log.append('stdout', Buffer.alloc(length, byte));
          if (!isRead) return;
          for (const { data, block } of log.from(from)) {
            block.borrow();
            handed.push({ data, byte });
          }
        });
        log.clear();
        const others = fresh();
        for (let more = 0; more < 20; more += 1)
          others.append('stdout', Buffer.alloc(300_000, 255));
        const changed = handed.filter(
          ({ data, byte }) => !data.equals(Buffer.alloc(data.length, byte)),
        );
        expect(changed).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test.each([
    ['leaves its memory to others, empty, when nobody has any of it', 'nobody'],
    ['keeps its memory from others while somebody has a part of it', 'somebody'],
    ['leaves it to them when the last one who had a part of it is done', 'nobody any more'],
  ])('%s', (_, who) => {
    const first = new Blocks();
    const pieces = fill(first, 2 * largest - least);
    const full = pieces.at(-1);
    const release = who === 'nobody' ? [] : [first.newest?.borrow(), first.newest?.borrow()];
    for (const piece of pieces) first.forget(piece);
    if (who === 'nobody any more') for (const done of release) done?.();
    const second = new Blocks();
    fill(second, largest - least);
    const taken = second.store(Buffer.from('x'), 0);
    const isSame = taken.buffer === full?.buffer && taken.byteOffset === full.byteOffset;
    expect(isSame).toBe(who !== 'somebody');
    const rest = Buffer.from(taken.buffer, taken.byteOffset + 1, largest - 1);
    if (isSame) expect(rest.equals(Buffer.alloc(rest.length))).toBe(true);
  });

  test('is kept up to 2 MiB, and offsets go on counting', () => {
    const log = fresh();
    for (let part = 0; part < 100; part += 1) log.append('stdout', Buffer.alloc(50_000, part));
    expect(log.end).toBe(5_000_000);
    expect(log.size).toBeGreaterThanOrEqual(limit);
    expect(log.size).toBeLessThan(limit + 300_000);
    expect(kept(log).at).toBe(log.start);
    expect(kept(log).bytes.at(-1)).toBe(99);
  });

  test('costs bounded memory, also when two streams take turns byte by byte', () => {
    const log = fresh();
    for (let at = 0; at < 200_000; at += 1)
      log.append(at % 2 ? 'stdout' : 'stderr', Buffer.from('x'));
    expect(log.from(0).length).toBeLessThanOrEqual(8_192);
    expect(log.end).toBe(200_000);
  });

  test('goes when the session keeps too much: first of finished processes, then of the biggest', () => {
    const memory = new OutputMemory({ all: 3_000_000, ended: 2_000_000 });
    const [done, big, small] = [
      new OutputLog(memory),
      new OutputLog(memory),
      new OutputLog(memory),
    ];
    done.append('stdout', Buffer.alloc(1_000_000));
    small.append('stdout', Buffer.alloc(100_000));
    done.finish();
    big.append('stdout', Buffer.alloc(2_000_000));
    expect(done.size).toBeLessThan(1_000_000);
    expect([big.size, small.size]).toEqual([2_000_000, 100_000]);
    const other = new OutputLog(memory);
    for (let part = 0; part < 20; part += 1) other.append('stdout', Buffer.alloc(100_000));
    expect(done.size + big.size + small.size + other.size).toBeLessThanOrEqual(3_000_000);
    expect(small.size).toBe(100_000);
  });

  test('gives all its memory back, also the page that was being filled', () => {
    const log = fresh();
    log.append('stdout', Buffer.alloc(100_000));
    const last = log.from(0).at(-1)?.data ?? Buffer.alloc(0);
    log.clear();
    // with what nobody has any of, a few hundred pages are enough to come across it
    const pages = Array.from({ length: 512 }, takePage);
    const isBack = pages.some(
      ({ buffer, byteOffset, length }) =>
        buffer === last.buffer &&
        byteOffset <= last.byteOffset &&
        last.byteOffset < byteOffset + length,
    );
    for (const page of pages) givePage(page);
    expect([last.length > 0, isBack]).toEqual([true, true]);
  });

  test('goes with the next ends, the oldest first, unless somebody still reads it', () => {
    const memory = new OutputMemory({ all: 32_000_000, ended: 2_200_000 });
    const logs = Array.from({ length: 4 }, () => new OutputLog(memory));
    const [oldest, read, older, newest] = logs;
    for (const log of logs) log.append('stdout', Buffer.alloc(1_000_000));
    const stop = read?.listen(() => undefined);
    for (const log of logs) log.finish();
    expect(read?.size).toBe(1_000_000);
    expect([older?.size, newest?.size]).toEqual([1_000_000, 1_000_000]);
    expect(oldest?.size).toBeLessThan(100_000);
    stop?.();
    new OutputLog(memory).finish();
    expect(read?.size).toBeLessThan(100_000);
    expect(newest?.size).toBe(1_000_000);
  });
});
