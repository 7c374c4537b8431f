import type { Envelope } from './envelope.ts';
import type { Store } from './store.ts';

/** What the services work with. */
export interface Context {
  readonly store: Store;
  readonly envelope: Envelope;
  /** Seconds that a device code lives. */
  readonly codeLifetime: number;
  /** Seconds between two polls of a device code. */
  readonly pollInterval: number;
}
