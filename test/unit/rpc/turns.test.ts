import { expect, test } from 'vitest';
import { createTurns } from '../../../src/supervisor/rpc/turns.ts';

test('who asks for little is not kept waiting by who asks for much', async () => {
  const turns = createTurns();
  const begun: string[] = [];
  const ask = (asker: string) =>
    turns.run(asker, async () => {
      begun.push(asker);
    });
  const much = Array.from({ length: 1_000 }, () => ask('greedy'));
  const little = ask('modest');
  await Promise.all([...much, little]);
  expect(begun).toHaveLength(1_001);
  expect(begun.indexOf('modest')).toBeLessThan(10);
});

test('requests of one asker begin in their order, a few in each turn of the event loop', async () => {
  const turns = createTurns();
  const begun: number[] = [];
  let turn = 0;
  const beginnings = new Map<number, number>();
  const count = () => {
    turn += 1;
    if (begun.length < 100) setImmediate(count);
  };
  setImmediate(count);
  const all = Array.from({ length: 100 }, (_, at) =>
    turns.run('one', async () => {
      begun.push(at);
      beginnings.set(turn, (beginnings.get(turn) ?? 0) + 1);
      return at;
    }),
  );
  expect(await Promise.all(all)).toEqual(Array.from({ length: 100 }, (_, at) => at));
  expect(begun).toEqual(begun.toSorted((a, b) => a - b));
  expect(Math.max(...beginnings.values())).toBeLessThan(20);
});

test('a request that fails keeps nobody waiting', async () => {
  const turns = createTurns();
  const failing = Array.from({ length: 20 }, () =>
    turns.run('one', () => Promise.reject(new Error('no'))),
  );
  const results = await Promise.allSettled(failing);
  expect(results.every(({ status }) => status === 'rejected')).toBe(true);
  expect(await turns.run('one', async () => 'yes')).toBe('yes');
});

test('what a request does at once counts, also what follows from its promises', async () => {
  const turns = createTurns();
  const beginnings = new Map<number, number>();
  let turn = 0;
  let left = 10;
  const count = () => {
    turn += 1;
    if (left > 0) setImmediate(count);
  };
  setImmediate(count);
  const work = async () => {
    beginnings.set(turn, (beginnings.get(turn) ?? 0) + 1);
    left -= 1;
    await Promise.resolve();
    const end = performance.now() + 10;
    while (performance.now() < end); // as long as a turn may take twice over
  };
  await Promise.all(Array.from({ length: 10 }, () => turns.run('one', work)));
  // those of one turn may stand on both sides of its count
  expect(Math.max(...beginnings.values())).toBeLessThanOrEqual(2);
});
