import type { FastifyInstance } from 'fastify';
import type { Services } from '../../services.ts';
import { page } from '../answer.tsx';
import { serveEvents } from '../events.ts';
import { SessionsPage } from '../pages/sessions.tsx';

/** The sessions of the command line, and word of each change of them. */
export function registerSessions(app: FastifyInstance, services: Services): void {
  page(app, services, '/sessions', async ({ user }) => (
    <SessionsPage email={user.email} sessions={await services.sessions(user)} now={new Date()} />
  ));
  serveEvents(app, services, '/sessions/events', 'sessions');
}
