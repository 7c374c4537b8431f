import type { Topic } from '../services.ts';
import type { Store } from './store.ts';

/** Called with a topic; `credentials` and `tokens` also come when something may have been missed. */
type Listener = (topic: Topic) => void;

/**
 * Word of changes, within a process and between processes on one PostgreSQL. It carries no value and
 * proves nothing: a listener looks again.
 */
export interface Changes {
  /** Returns what ends it. */
  subscribe(user: string, listener: Listener): () => void;
}

const channel = 'synsc';
const topics: ReadonlySet<string> = new Set<Topic>(['credentials', 'tokens', 'sessions']);

/** Listens from now on until the store closes. */
export async function openChanges(store: Store): Promise<Changes> {
  const listeners = new Map<string, Set<Listener>>();
  const tell = (user: string, topic: Topic) => {
    for (const listener of listeners.get(user) ?? []) listener(topic);
  };
  await store.listen(
    channel,
    (payload) => {
      const [user = '', topic = ''] = payload.split(' ');
      if (topics.has(topic)) tell(user, topic as Topic);
    },
    () => {
      for (const user of listeners.keys()) {
        tell(user, 'credentials');
        tell(user, 'tokens');
      }
    },
  );
  return {
    subscribe(user, listener) {
      const own = listeners.get(user) ?? new Set();
      listeners.set(user, own.add(listener));
      return () => {
        own.delete(listener);
        if (own.size === 0 && listeners.get(user) === own) listeners.delete(user);
      };
    },
  };
}
