import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Services } from '../../services.ts';
import { action, page, sendPage } from '../answer.tsx';
import { DevicesPage, type DevicesProps, isDevicesDone } from '../pages/devices.tsx';
import { TokenPage } from '../pages/token.tsx';
import { queryText, type SignedIn, wantsJson } from '../request.ts';

/** Signed-in machines and tokens for CI; each can be signed out here. */
export function registerDevices(app: FastifyInstance, services: Services): void {
  const view = async ({ user, proved }: SignedIn, state: Partial<DevicesProps> = {}) => (
    <DevicesPage
      {...state}
      email={user.email}
      proved={proved}
      devices={await services.devices(user)}
      now={new Date()}
    />
  );
  page(app, services, '/devices', (signed, request) => {
    const done = queryText(request, 'done');
    return view(signed, isDevicesDone(done) ? { done } : {});
  });
  action(app, services, '/devices/:id/revoke', {
    async run({ user }, _form, request) {
      await services.revokeDevice(user, idOf(request));
      return '/devices?done=revoked';
    },
    again: (signed, error) => view(signed, { error }),
  });
  action(app, services, '/devices/revoke-all', {
    async run({ user }) {
      await services.revokeAllDevices(user);
      return '/devices?done=all-revoked';
    },
    again: (signed, error) => view(signed, { error }),
  });
  registerTokens(app, services, view);
}

function registerTokens(
  app: FastifyInstance,
  services: Services,
  view: (signed: SignedIn, state: Partial<DevicesProps>) => Promise<ReturnType<typeof DevicesPage>>,
): void {
  action(app, services, '/devices/tokens', {
    proof: '/devices',
    async run({ user }, { name = '', days = '' }, request, reply) {
      const token = await services.createAutomationToken(user, { name, days });
      // shown in this answer alone: an address to go to would have to hold it
      return wantsJson(request)
        ? reply.send({ ok: true, token })
        : sendPage(reply, <TokenPage email={user.email} name={name} days={days} token={token} />);
    },
    again: (signed, error) => view(signed, { error }),
  });
}

function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id;
}
