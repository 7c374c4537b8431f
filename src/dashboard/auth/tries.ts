import { createHash, randomUUID } from 'node:crypto';
import { SynscError } from '../../errors.ts';
import type { Store } from '../store/store.ts';
import { networkOf } from './network.ts';

/** How many tries of something are allowed in so many seconds, an hour at most. */
interface Limit {
  readonly subject: string;
  readonly most: number;
  readonly seconds: number;
}

const quarter = 15 * 60;
const hour = 60 * 60;

/**
 * What is limited, kept in the database: a restart or another process forgets nothing. An address
 * stands for its network, since whoever has one of IPv6 has 2^64.
 */
export const limits = {
  /** RFC 8628 §5.1: with 1000 live codes, 10 guesses hit one with a chance of 4e-7. */
  userCode: (user: string, address: string): Limit[] => [
    { subject: `code ${user}`, most: 10, seconds: quarter },
    { subject: `code from ${networkOf(address)}`, most: 10, seconds: quarter },
    { subject: 'code', most: 1000, seconds: 60 },
  ],
  /** Links that bring a code, which are guesses as well. */
  linkedCode: (user: string, address: string): Limit[] => [
    { subject: `link ${user}`, most: 10, seconds: quarter },
    { subject: `link from ${networkOf(address)}`, most: 10, seconds: quarter },
    { subject: 'link', most: 1000, seconds: 60 },
  ],
  /** The account's own limit is high, or anybody could lock its owner out. */
  signIn: (email: string, address: string): Limit[] => [
    { subject: `sign-in ${networkOf(address)} ${email}`, most: 10, seconds: quarter },
    { subject: `sign-in from ${networkOf(address)}`, most: 100, seconds: quarter },
    { subject: `sign-in of ${email}`, most: 200, seconds: quarter },
  ],
  /** Sign-ups that are refused tell who has an account: those are few. */
  signUpRefused: (address: string): Limit[] => [
    { subject: `sign-up refused ${networkOf(address)}`, most: 50, seconds: quarter },
  ],
  signUp: (address: string): Limit[] => [
    { subject: `sign-up from ${networkOf(address)}`, most: 500, seconds: hour },
    { subject: 'sign-up', most: 3000, seconds: hour },
  ],
  /** A password that is asked for again, of a signed-in user. */
  proof: (user: string): Limit[] => [{ subject: `proof ${user}`, most: 10, seconds: quarter }],
  /** Sign-ins by passkey that are begun. */
  challenge: (address: string): Limit[] => [
    { subject: `passkey from ${networkOf(address)}`, most: 100, seconds: quarter },
  ],
  /** Codes for machines: no single network can take all places. */
  device: (address: string): Limit[] => [
    { subject: `device from ${networkOf(address)}`, most: 600, seconds: quarter },
  ],
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
  const tag = await countTry(store, all);
  const result = await attempt();
  if (result !== undefined) await store.tx(null, (query) => query('forgiveTry', [tag]));
  return result;
}

/** Counts one try of each limit, whatever comes of it; returns its tag. RATE_LIMITED. */
export async function countTry(store: Store, all: readonly Limit[]): Promise<string> {
  const tag = randomUUID();
  const keys = all.map(({ subject }) => createHash('sha256').update(subject).digest('hex'));
  const most = all.map((limit) => limit.most);
  const seconds = all.map((limit) => limit.seconds);
  const [row] = await store.tx(null, (query) =>
    query<{ wait: number }>('takeTry', [tag, keys, most, seconds]),
  );
  const wait = row?.wait ?? 60;
  if (wait === 0) return tag;
  throw new SynscError('RATE_LIMITED', 'too many tries', {
    hint: `try again in ${wait < 90 ? `${wait} seconds` : `${Math.ceil(wait / 60)} minutes`}`,
    retryAfter: wait,
  });
}
