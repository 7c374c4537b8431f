import type { FastifyInstance, FastifyRequest } from 'fastify';
import { SynscError } from '../../../errors.ts';
import type { Services } from '../../services.ts';
import { action, page, sendUnproved } from '../answer.tsx';
import { nearness } from '../nearness.ts';
import { DeviceConfirmPage, DevicePage } from '../pages/device.tsx';
import { queryText, type SignedIn } from '../request.ts';

const decisions = { approve: 'approved', deny: 'denied' } as const;

/** Approving a machine: its code first, then what it asks for (RFC 8628 §3.3). */
export function registerDevice(app: FastifyInstance, services: Services): void {
  page(app, services, '/device', async ({ user }, request) => (
    <DevicePage email={user.email} userCode={queryText(request, 'user_code')} />
  ));
  action(app, services, '/device', {
    async run({ user, cookie }, form, request) {
      await services.claimUserCode(user, cookie, form.user_code ?? '', request.ip);
      return '/device/confirm';
    },
    again: async ({ user }, error) => (
      <DevicePage email={user.email} error={{ ...error, field: 'user_code' }} />
    ),
  });
  page(app, services, '/device/confirm', (signed, request) => confirm(services, signed, request));
  action(app, services, '/device/confirm', {
    async run({ user, cookie, proved }, { action: choice }, request, reply) {
      if (choice !== 'approve' && choice !== 'deny') {
        throw new SynscError('INVALID_PARAMS', 'choose approve or deny', { field: 'action' });
      }
      if (choice === 'approve' && !proved) return sendUnproved(request, reply, '/device/confirm');
      await services.decideDevice(user, cookie, choice);
      return `/devices?done=${decisions[choice]}`;
    },
    again: async ({ user }, error) => (
      <DevicePage email={user.email} error={{ ...error, field: undefined }} />
    ),
  });
}

async function confirm(services: Services, signed: SignedIn, { ip }: FastifyRequest) {
  const { user, cookie, proved } = signed;
  const request = await services.claimedRequest(user, cookie);
  if (request?.status !== 'pending') return '/device';
  const slots = await services.credentials(user);
  const names = slots.flatMap(({ fields }) =>
    fields.filter(({ masked }) => masked !== null).map(({ name }) => name),
  );
  return (
    <DeviceConfirmPage
      {...{ email: user.email, request, names, proved }}
      near={nearness(request.address, ip)}
      now={new Date()}
    />
  );
}
