import type { Changes } from './changes.ts';
import type { Envelope } from './envelope.ts';
import type { Keyring } from './keyring.ts';
import type { Store } from './store.ts';

/** What the services work with. */
export interface Context {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly envelope: Envelope;
  /** What other requests, and other dashboards of the same database, have changed. */
  readonly changes: Changes;
  /** Seconds that a device code lives. */
  readonly codeLifetime: number;
  /** Seconds between two polls of a device code. */
  readonly pollInterval: number;
}
