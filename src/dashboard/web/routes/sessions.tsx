import type { FastifyInstance } from 'fastify';
import type { Services } from '../../services.ts';
import { page } from '../answer.tsx';
import { serveEvents } from '../events.ts';
import { SessionPage } from '../pages/session.tsx';
import { SessionsPage } from '../pages/sessions.tsx';
import { queryText } from '../request.ts';

/** The sessions of the command line, and word of each change of them. */
export function registerSessions(app: FastifyInstance, services: Services): void {
  page(app, services, '/sessions', async ({ user }, request) => {
    const before = queryText(request, 'before');
    const sessions = await services.sessions(user, before);
    return <SessionsPage email={user.email} {...{ sessions, before }} now={new Date()} />;
  });
  page(app, services, '/sessions/:id', async ({ user }, request) => {
    const { id } = request.params as { id: string };
    const session = await services.session(user, id);
    return <SessionPage email={user.email} session={session} now={new Date()} />;
  });
  serveEvents(app, services, '/sessions/events', 'sessions');
}
