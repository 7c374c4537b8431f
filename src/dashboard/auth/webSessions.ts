import { type Services, type WebSession, webSessionLifetime } from '../services.ts';
import type { Context } from '../store/context.ts';
import { hashToken, newToken } from './token.ts';

type WebSessions = Pick<
  Services,
  'openWebSession' | 'webUser' | 'closeWebSession' | 'webSessions' | 'closeOtherWebSessions'
>;

interface SessionRow extends Pick<WebSession, 'address' | 'agent' | 'current'> {
  created_at: Date;
}

/** Browsers that are signed in; each holds a random cookie, of which the database has the hash. */
export function webSessions({ store }: Context): WebSessions {
  return {
    async openWebSession(user, { address, agent }) {
      const token = newToken();
      await store.tx(user.id, (query) =>
        query('openWebSession', [
          ...[hashToken(token), webSessionLifetime, address, agent.slice(0, 300)],
        ]),
      );
      return token;
    },
    async webUser(cookieValue) {
      if (!cookieValue) return undefined;
      const [row] = await store.tx(null, (query) =>
        query<{ id: string; email: string; proved_at: Date }>('webUser', [hashToken(cookieValue)]),
      );
      return row && { id: row.id, email: row.email, provedAt: row.proved_at };
    },
    async closeWebSession(cookieValue) {
      await store.tx(null, (query) => query('closeWebSession', [hashToken(cookieValue)]));
    },
    async webSessions(user, cookieValue) {
      const rows = await store.tx(user.id, (query) =>
        query<SessionRow>('webSessions', [hashToken(cookieValue)]),
      );
      return rows.map(({ address, agent, current, created_at: createdAt }) => ({
        ...{ address, agent, current, createdAt },
      }));
    },
    async closeOtherWebSessions(user, cookieValue) {
      await store.tx(user.id, async (query) => {
        await query('closeOtherWebSessions', [hashToken(cookieValue)]);
        await query('addAudit', ['account.sign-out', 'other browsers', 'ok', '']);
      });
    },
  };
}
