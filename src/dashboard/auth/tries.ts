import { createHash, randomUUID } from 'node:crypto';
import { SynscError } from '../../errors.ts';
import type { Store } from '../store/store.ts';

/** How many failed tries of something are allowed in so many seconds. */
interface Limit {
  readonly subject: string;
  readonly most: number;
  readonly seconds: number;
}

const quarter = 15 * 60;

/** What is limited, kept in the database: a restart or another process forgets nothing. */
export const limits = {
  /** RFC 8628 §5.1: with 1000 live codes, 10 guesses hit one with a chance of 4e-7. */
  userCode: (user: string, address: string): Limit[] => [
    { subject: `code ${user}`, most: 10, seconds: quarter },
    { subject: `code from ${address}`, most: 10, seconds: quarter },
    { subject: 'code', most: 1000, seconds: 60 },
  ],
  /** The account's own limit is high, or anybody could lock its owner out. */
  signIn: (email: string, address: string): Limit[] => [
    { subject: `sign-in ${address} ${email}`, most: 10, seconds: quarter },
    { subject: `sign-in from ${address}`, most: 100, seconds: quarter },
    { subject: `sign-in of ${email}`, most: 200, seconds: quarter },
  ],
  /** A password that is asked for again, of a signed-in user. */
  proof: (user: string): Limit[] => [{ subject: `proof ${user}`, most: 10, seconds: quarter }],
};

/**
 * Runs `attempt` as one try of each limit. A try that succeeds, that is resolves to something, does
 * not count. RATE_LIMITED.
 */
export async function limited<T>(
  store: Store,
  all: readonly Limit[],
  attempt: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const tag = randomUUID();
  const keys = all.map(({ subject }) => createHash('sha256').update(subject).digest('hex'));
  const most = all.map((limit) => limit.most);
  const seconds = all.map((limit) => limit.seconds);
  const [row] = await store.tx(null, (query) =>
    query<{ allowed: boolean }>('reserveTries', [tag, keys, most, seconds]),
  );
  if (!row?.allowed) throw new SynscError('RATE_LIMITED', 'too many wrong tries');
  const result = await attempt();
  if (result !== undefined) await store.tx(null, (query) => query('forgiveTry', [tag]));
  return result;
}
