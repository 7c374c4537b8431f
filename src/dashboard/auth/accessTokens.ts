import type { Store } from '../store/store.ts';
import { together } from '../store/together.ts';

/** Whom a live access token speaks for, as of the moment of the look. */
interface AccessToken {
  /** Of the account. */
  readonly id: string;
  readonly email: string;
  readonly scope: string;
  /** Of the machine that is signed in. */
  readonly name: string;
  /** Of the account's credentials. */
  readonly version: number;
}

/** Finds a live token by its hash. */
export type FindToken = (hash: Buffer) => Promise<AccessToken | undefined>;

const mostAtOnce = 100;

/** Always a look into the database: other dashboards may have ended a sign-in just now. */
export function findToken({ ask }: Store): FindToken {
  return together(async (hashes) => {
    const rows = await ask<AccessToken & { place: number }>('tokens', [hashes]);
    const found = new Map(rows.map(({ place, ...token }) => [place, token]));
    return hashes.map((_hash, index) => found.get(index + 1));
  }, mostAtOnce);
}
