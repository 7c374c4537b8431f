import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Services } from '../../services.ts';
import { action, page } from '../answer.tsx';
import type { FormError } from '../field.tsx';
import { AuditPage } from '../pages/audit.tsx';
import { type Decided, DevicesPage } from '../pages/devices.tsx';
import { SessionsPage } from '../pages/sessions.tsx';
import { queryText, type SignedIn } from '../request.ts';

/** What happened: sessions, signed-in machines (which can be signed out here), the audit log. */
export function registerRecords(app: FastifyInstance, services: Services): void {
  const devices = async ({ user }: SignedIn, state: { decided?: Decided; error?: FormError }) => (
    <DevicesPage
      {...state}
      email={user.email}
      devices={await services.devices(user)}
      now={new Date()}
    />
  );
  page(app, services, '/sessions', async ({ user }) => (
    <SessionsPage email={user.email} sessions={await services.sessions(user)} now={new Date()} />
  ));
  page(app, services, '/devices', (signed, request) => {
    const decided = queryText(request, 'decided');
    return devices(signed, decided === 'approve' || decided === 'deny' ? { decided } : {});
  });
  action(app, services, '/devices/:id/revoke', {
    async run({ user }, _form, request) {
      await services.revokeDevice(user, idOf(request));
      return '/devices';
    },
    again: (signed, error) => devices(signed, { error }),
  });
  page(app, services, '/audit', async ({ user }) => (
    <AuditPage email={user.email} entries={await services.audit(user)} />
  ));
}

function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id;
}
