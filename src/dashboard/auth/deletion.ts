import type { Services } from '../services.ts';
import type { Context } from '../store/context.ts';

/** Deletes an account and all that belongs to it; its name stays in the audit log. */
export function deletion({ store }: Context): Pick<Services, 'deleteAccount'> {
  return {
    async deleteAccount(user) {
      await store.tx(user.id, (query) => query('deleteAccount'));
      await store.tx(null, (query) => query('note', [user.id, 'account.delete', '', 'ok', '']));
    },
  };
}
