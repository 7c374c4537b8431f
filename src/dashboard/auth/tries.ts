import { createHash, randomUUID } from 'node:crypto';
import { SynscError } from '../../errors.ts';
import type { Store } from '../store/store.ts';

const limit = 10;
const window = 15 * 60;

/**
 * Runs `attempt` as one try on each of `subjects` (10 in 15 minutes, kept in the database). A try
 * that succeeds, that is resolves to something, does not count. RATE_LIMITED.
 */
export async function limited<T>(
  store: Store,
  subjects: readonly string[],
  attempt: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const tag = randomUUID();
  const keys = subjects.map((subject) => createHash('sha256').update(subject).digest('hex'));
  const [row] = await store.tx(null, (query) =>
    query<{ allowed: boolean }>('reserveTry', [tag, keys, limit, window]),
  );
  if (!row?.allowed) throw new SynscError('RATE_LIMITED', 'too many wrong tries');
  const result = await attempt();
  if (result !== undefined) await store.tx(null, (query) => query('forgiveTry', [tag]));
  return result;
}
