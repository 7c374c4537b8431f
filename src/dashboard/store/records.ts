import { SynscError } from '../../errors.ts';
import type { AuditEntry, Services, SessionRecord } from '../services.ts';
import { exportAudit } from './auditExport.ts';
import type { Context } from './context.ts';
import { isUuid } from './uuid.ts';

type Records = Pick<Services, 'sessions' | 'session' | 'audit' | 'exportAudit' | 'watch'>;

interface SessionRow
  extends Pick<
    SessionRecord,
    'id' | 'label' | 'directory' | 'hostname' | 'commands' | 'redactions'
  > {
  started_at: Date;
  ended_at: Date | null;
  last_seen_at: Date;
  credentials_used: string[];
  audit_head: string | null;
}

/** What happened: sessions of the command line, and the audit trail. */
export function records(context: Context): Records {
  const { store } = context;
  return {
    async sessions(user, before) {
      const place = before !== undefined && isUuid(before) ? before : null;
      const rows = await store.tx(user.id, (query) => query<SessionRow>('sessions', [place]));
      return rows.map(sessionOf);
    },
    async session(user, id) {
      const [row] = isUuid(id)
        ? await store.tx(user.id, (query) => query<SessionRow>('session', [id]))
        : [];
      if (row) return sessionOf(row);
      throw new SynscError('NOT_FOUND', 'there is no such session', {
        hint: 'the sessions page lists those of your account',
      });
    },
    audit: (user, { action, since, until, before } = {}) =>
      store.tx(user.id, (query) =>
        query<AuditEntry>('audit', [action ?? null, since ?? null, until ?? null, before ?? null]),
      ),
    exportAudit: (user, format, filter) => exportAudit(context, user, format, filter),
    watch: (user, listener) => context.changes.subscribe(user.id, listener),
  };
}

function sessionOf(row: SessionRow): SessionRecord {
  const { started_at, ended_at, last_seen_at, credentials_used, audit_head, ...record } = row;
  return {
    ...record,
    startedAt: started_at,
    endedAt: ended_at,
    lastSeenAt: last_seen_at,
    credentialsUsed: credentials_used,
    auditHead: audit_head,
  };
}
