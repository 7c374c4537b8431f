import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limited, limits } from '../../src/dashboard/auth/tries.ts';
import { databases, openTestStore, type TestStore } from '../support/store.ts';

const wrong = async () => undefined;

describe.each(databases)('limits of tries on %s', (database) => {
  let it: TestStore;
  beforeAll(async () => {
    it = await openTestStore(database);
  });
  afterAll(() => it?.close());

  const attempt = (
    all: Parameters<typeof limited>[1],
    what: () => Promise<true | undefined> = wrong,
  ) =>
    limited(it.store, all, what).then(
      () => 'tried',
      (failure: { code?: string }) => failure.code,
    );
  const subject = (most: number, seconds = 60) => ({ subject: randomUUID(), most, seconds });

  test('hold for tries in parallel', async () => {
    const one = subject(5);
    const all = await Promise.all(Array.from({ length: 12 }, () => attempt([one])));
    expect(all.filter((outcome) => outcome === 'tried')).toHaveLength(5);
    expect(all.filter((outcome) => outcome === 'RATE_LIMITED')).toHaveLength(7);
  });

  test('hold for each subject by itself: one that is full stops them all', async () => {
    const everybody = subject(4);
    const outcomes = [];
    for (let count = 0; count < 6; count += 1)
      outcomes.push(await attempt([subject(10), everybody]));
    expect(outcomes).toEqual([...Array(4).fill('tried'), 'RATE_LIMITED', 'RATE_LIMITED']);
  });

  test('forgive a try that succeeds', async () => {
    const one = subject(2);
    for (let count = 0; count < 5; count += 1) {
      expect(await attempt([one], async () => true)).toBe('tried');
    }
    expect([await attempt([one]), await attempt([one]), await attempt([one])]).toEqual([
      'tried',
      'tried',
      'RATE_LIMITED',
    ]);
  });

  test('end with their time', async () => {
    const brief = subject(1, 1);
    expect(await attempt([brief])).toBe('tried');
    await expect.poll(() => attempt([brief]), { timeout: 15_000, interval: 300 }).toBe('tried');
  });

  test('of user codes are per account, per address and for all together', () => {
    const [account, address, all] = limits.userCode('alice', '192.0.2.7');
    expect([account?.most, address?.most, all?.most]).toEqual([10, 10, 1000]);
    expect(limits.userCode('bob', '192.0.2.9')[2]).toEqual(all);
    expect(limits.userCode('bob', '192.0.2.7')[1]).toEqual(address);
    expect(limits.userCode('alice', '192.0.2.9')[0]).toEqual(account);
  });
});
