import { SynscError } from '../../errors.ts';
import type { DeviceRequest, Services } from '../services.ts';
import type { Context } from '../store/context.ts';
import type { Query } from '../store/store.ts';
import { hashToken } from './token.ts';
import { limited, limits } from './tries.ts';
import { normaliseUserCode, showUserCode } from './userCode.ts';

type Approval = Pick<
  Services,
  'claimUserCode' | 'linkedAddress' | 'claimedRequest' | 'decideDevice'
>;

const decided = { approve: 'approved', deny: 'denied' } as const;

/** The user's side of the device flow (RFC 8628 §3.3). */
export function approval({ store }: Context): Approval {
  return {
    async claimUserCode(user, cookieValue, userCode, address) {
      const claimed = await limited(store, limits.userCode(user.id, address), () =>
        store.tx(user.id, (query) => claim(query, hashToken(cookieValue), userCode)),
      );
      if (claimed) return claimed;
      throw new SynscError('NOT_FOUND', 'no machine waits with this code', {
        hint: 'check the code, or run `synsc connect login` again: a code lives 15 minutes',
        field: 'user_code',
      });
    },
    linkedAddress: (user, userCode, address) =>
      limited(store, limits.linkedCode(user.id, address), async () => {
        const code = normaliseUserCode(userCode);
        const [row] = await store.ask<{ address: string }>('waitingCode', [code]);
        return row?.address;
      }),
    claimedRequest: (user, cookieValue) =>
      store.tx(user.id, (query) => claimedRequest(query, hashToken(cookieValue))),
    decideDevice: (user, cookieValue, action) =>
      store.tx(user.id, async (query) => {
        const [row] = await query<RequestRow>('decideDevice', [
          hashToken(cookieValue),
          decided[action],
        ]);
        if (!row) throw new SynscError('NOT_FOUND', 'no machine waits for this confirmation');
        await query('addAudit', [`device.${action}`, row.device_name, 'ok', row.address]);
        return requestOf(row);
      }),
  };
}

async function claim(
  query: Query,
  session: Buffer,
  userCode: string,
): Promise<DeviceRequest | undefined> {
  const code = normaliseUserCode(userCode);
  const [row] = await query<{ claimed: boolean }>('claimCode', [code, session]);
  return row?.claimed ? claimedRequest(query, session) : undefined;
}

async function claimedRequest(query: Query, session: Buffer): Promise<DeviceRequest | undefined> {
  const [row] = await query<RequestRow>('claimedRequest', [session]);
  return row && requestOf(row);
}

interface RequestRow extends Pick<DeviceRequest, 'host' | 'address' | 'scope' | 'status'> {
  user_code: string;
  device_name: string;
  os_user: string;
  requested_at: Date;
}

function requestOf(row: RequestRow): DeviceRequest {
  const { host, address, scope, status } = row;
  return {
    ...{ host, address, scope, status },
    userCode: showUserCode(row.user_code),
    deviceName: row.device_name,
    osUser: row.os_user,
    requestedAt: row.requested_at,
  };
}
