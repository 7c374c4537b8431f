import type { AuditEntry, Services, SessionRecord } from '../services.ts';
import type { Context } from './context.ts';

type Records = Pick<Services, 'sessions' | 'audit' | 'exportAudit' | 'watch'>;

interface SessionRow
  extends Pick<
    SessionRecord,
    'id' | 'label' | 'directory' | 'hostname' | 'commands' | 'redactions'
  > {
  started_at: Date;
  ended_at: Date | null;
  last_seen_at: Date;
  credentials_used: string[];
}

/** What happened: sessions of the command line, and the audit trail. */
export function records({ store }: Context): Records {
  return {
    async sessions(user) {
      const rows = await store.tx(user.id, (query) => query<SessionRow>('sessions'));
      return rows.map(({ started_at, ended_at, last_seen_at, credentials_used, ...record }) => ({
        ...record,
        startedAt: started_at,
        endedAt: ended_at,
        lastSeenAt: last_seen_at,
        credentialsUsed: credentials_used,
      }));
    },
    audit: (user) => store.tx(user.id, (query) => query<AuditEntry>('audit')),
    async *exportAudit(user, format) {
      const rows = await store.tx(user.id, (query) => query<AuditEntry>('audit'));
      yield format === 'json'
        ? JSON.stringify(rows)
        : rows.map((row) => `${Object.values(row).join(',')}\r\n`).join('');
    },
    watch(user, listener) {
      let seen = '';
      const look = async () => {
        const [row] = await store.tx(user.id, (query) => query<{ mark: string }>('sessionsMark'));
        const mark = row?.mark ?? '';
        if (seen !== '' && mark !== seen) listener('sessions');
        seen = mark;
      };
      const timer = setInterval(() => void look().catch(() => undefined), 500);
      return () => clearInterval(timer);
    },
  };
}
