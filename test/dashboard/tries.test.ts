import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { accounts } from '../../src/dashboard/auth/accounts.ts';
import { limited, limits } from '../../src/dashboard/auth/tries.ts';
import { databases, openTestStore, type TestStore } from '../support/store.ts';

/** Passwords are slow on purpose, and the machine may be busy. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

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

  test('say how long there is to wait', async () => {
    const one = subject(1, 600);
    await attempt([one]);
    const failure = await limited(it.store, [one], wrong).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'RATE_LIMITED', hint: 'try again in 10 minutes' });
    const { retryAfter } = failure as { retryAfter: number };
    expect(retryAfter).toBeGreaterThan(500);
    expect(retryAfter).toBeLessThanOrEqual(600);
  });

  describe('of sign-ups', () => {
    /** As if `count` tries of it had just been made. */
    const fill = ([limit]: ReturnType<typeof limits.signUp>, count: number) =>
      it.engine.owner((run) =>
        run(
          `INSERT INTO priv.tries (tag, key) SELECT gen_random_uuid(), $1
           FROM generate_series(1, $2::integer)`,
          [
            createHash('sha256')
              .update(limit?.subject ?? '')
              .digest('hex'),
            count,
          ],
        ),
      );
    const signUp = (email: string, address: string) =>
      accounts(it)
        .signUp(email, 'long enough password', address)
        .then(
          () => 'made',
          (failure: { code?: string }) => failure.code,
        );

    test('hold for those that are refused, which tell who has an account', async () => {
      const address = '192.0.2.8';
      expect(await signUp('known@example.org', address)).toBe('made');
      await fill(limits.signUpRefused(address), 49);
      expect(await signUp('known@example.org', address)).toBe('CONFLICT');
      expect(await signUp('known@example.org', address)).toBe('RATE_LIMITED');
      expect(await signUp('known@example.org', '192.0.2.9')).toBe('CONFLICT');
    });

    test('hold for those that succeed, of one network', async () => {
      await fill(limits.signUp('2001:db8::1'), 499);
      expect(await signUp('first@example.org', '2001:db8::2')).toBe('made');
      expect(await signUp('second@example.org', '2001:db8::3')).toBe('RATE_LIMITED');
      expect(await signUp('second@example.org', '2001:db8:0:1::3')).toBe('made');
    });
  });

  test('of user codes are per account, per address and for all together', () => {
    const [account, address, all] = limits.userCode('alice', '192.0.2.7');
    expect([account?.most, address?.most, all?.most]).toEqual([10, 10, 1000]);
    expect(limits.userCode('bob', '192.0.2.9')[2]).toEqual(all);
    expect(limits.userCode('bob', '192.0.2.7')[1]).toEqual(address);
    expect(limits.userCode('alice', '192.0.2.9')[0]).toEqual(account);
  });
});
