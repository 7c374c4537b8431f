import type { FastifyInstance, FastifyRequest } from 'fastify';
import { SynscError } from '../../../errors.ts';
import type { Services, WebUser } from '../../services.ts';
import { action, page, sendUnproved } from '../answer.tsx';
import { nearness } from '../nearness.ts';
import { DeviceConfirmPage, DevicePage } from '../pages/device.tsx';
import { queryText, type SignedIn } from '../request.ts';

const decisions = { approve: 'approved', deny: 'denied' } as const;

/** Approving a machine: its code first, then what it asks for (RFC 8628 §3.3). */
export function registerDevice(app: FastifyInstance, services: Services): void {
  page(app, services, '/device', async ({ user }, request) => (
    <DevicePage email={user.email} {...(await fromLink(services, user, request))} />
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

/**
 * What a link brings along (RFC 8628 §3.3.1). A link of somebody else's machine is how people are
 * tricked into approving it (§5.4): then the code is to be typed.
 */
async function fromLink(services: Services, user: WebUser, request: FastifyRequest) {
  const userCode = queryText(request, 'user_code');
  if (!userCode) return {};
  try {
    const address = await services.linkedAddress(user, userCode, request.ip);
    const far = address !== undefined && nearness(address, request.ip) === 'other network';
    return far ? { far: address } : { userCode };
  } catch (failure) {
    if (failure instanceof SynscError && failure.code === 'RATE_LIMITED') return {};
    throw failure;
  }
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
