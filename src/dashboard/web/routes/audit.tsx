import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { SynscError } from '../../../errors.ts';
import type { AuditFilter, Services } from '../../services.ts';
import { page } from '../answer.tsx';
import { type AuditAsked, AuditPage } from '../pages/audit.tsx';
import { queryText, signedIn } from '../request.ts';

const exports = {
  csv: 'text/csv; charset=utf-8',
  json: 'application/json; charset=utf-8',
} as const;

/** The audit log: a page with a filter, and the same as files. */
export function registerAudit(app: FastifyInstance, services: Services): void {
  page(app, services, '/audit', async ({ user }, request) => {
    const asked = askedFor(request);
    return (
      <AuditPage
        email={user.email}
        asked={asked}
        entries={await services.audit(user, filterOf(asked))}
        now={new Date()}
      />
    );
  });
  for (const format of ['csv', 'json'] as const) {
    app.get(`/audit.${format}`, async (request, reply) => {
      const signed = await signedIn(services, request);
      if (!signed) throw new SynscError('NOT_SIGNED_IN', 'sign in first');
      const text = services.exportAudit(signed.user, format, filterOf(askedFor(request)));
      const day = new Date().toISOString().slice(0, 10);
      return reply
        .type(exports[format])
        .header('content-disposition', `attachment; filename="synsc-audit-${day}.${format}"`)
        .send(Readable.from(text));
    });
  }
}

/** What is no date is left out. */
function askedFor(request: FastifyRequest): AuditAsked {
  const day = (name: string) => {
    const text = queryText(request, name) ?? '';
    return dayStart(text) ? text : '';
  };
  return {
    action: /^[a-z.-]{1,64}$/.exec(queryText(request, 'action') ?? '')?.[0] ?? '',
    since: day('since'),
    until: day('until'),
    before: /^\d{1,15}$/.exec(queryText(request, 'before') ?? '')?.[0] ?? '',
  };
}

function filterOf({ action, since, until, before }: AuditAsked): AuditFilter {
  const end = dayStart(until);
  return {
    ...(action !== '' && { action }),
    ...(before !== '' && { before }),
    since: dayStart(since),
    // the day is within the filter
    until: end && new Date(end.getTime() + 24 * 60 * 60_000),
  };
}

/** A calendar day in UTC; undefined when the text is none, or of a year that the database lacks. */
function dayStart(text: string): Date | undefined {
  if (!/^(19|[2-8]\d)\d{2}-\d{2}-\d{2}$/.test(text)) return undefined;
  const moment = new Date(`${text}T00:00:00Z`);
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}
