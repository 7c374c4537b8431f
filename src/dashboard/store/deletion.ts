import type { Context } from './context.ts';

/**
 * Deletes an account: its rows, then its key, without which no backup of the database opens its
 * values. Its audit trail stays. A process that dies in between leaves a key without an account,
 * which the next start removes.
 */
export async function deleteAccount({ store, keyring }: Context, user: string): Promise<void> {
  await store.tx(user, (query) => query('removeAccount'));
  await keyring.shred(user);
}

/** Shreds keys whose account is gone. */
export async function shredOrphans({ store, keyring }: Context): Promise<void> {
  for (const user of await keyring.users()) {
    const [row] = await store.ask<{ found: boolean }>('userExists', [user]);
    if (row?.found === false) await keyring.shred(user);
  }
}
