import { SynscError } from '../../errors.ts';
import type { Device, DeviceRequest, Services, WebUser } from '../services.ts';
import type { Context } from '../store/context.ts';
import type { Query } from '../store/store.ts';
import { hashToken } from './token.ts';
import { limited } from './tries.ts';
import { normaliseUserCode, showUserCode } from './userCode.ts';

type Devices = Pick<
  Services,
  'claimUserCode' | 'claimedRequest' | 'decideDevice' | 'devices' | 'revokeDevice'
>;

const decided = { approve: 'approved', deny: 'denied' } as const;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The user's side of the device flow (RFC 8628 §3.3) and the machines that are signed in. */
export function devices({ store }: Context): Devices {
  return {
    async claimUserCode(user, cookieValue, userCode, address) {
      const claimed = await limited(store, [`code ${user.id}`, `code from ${address}`], () =>
        store.tx(user.id, (query) => claim(query, hashToken(cookieValue), userCode)),
      );
      if (claimed) return claimed;
      throw new SynscError('NOT_FOUND', 'no machine waits with this code', {
        hint: 'check the code, or run `synsc connect login` again: a code lives 15 minutes',
        field: 'user_code',
      });
    },
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
    devices: (user) => list(store, user),
    revokeDevice: (user, id) =>
      store.tx(user.id, async (query) => {
        const [row] = uuid.test(id) ? await query<{ name: string }>('revokeDevice', [id]) : [];
        if (!row) throw new SynscError('NOT_FOUND', 'no such machine');
        await query('addAudit', ['token.revoke', row.name, 'ok', '']);
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

interface RequestRow {
  user_code: string;
  device_name: string;
  address: string;
  requested_at: Date;
  scope: string;
  status: DeviceRequest['status'];
}

function requestOf(row: RequestRow): DeviceRequest {
  return {
    userCode: showUserCode(row.user_code),
    deviceName: row.device_name,
    address: row.address,
    requestedAt: row.requested_at,
    scope: row.scope,
    status: row.status,
  };
}

interface DeviceRow extends Pick<Device, 'id' | 'name' | 'address' | 'revoked'> {
  created_at: Date;
  last_used_at: Date | null;
  expires_at: Date;
}

async function list(store: Context['store'], user: WebUser): Promise<Device[]> {
  const rows = await store.tx(user.id, (query) => query<DeviceRow>('devices'));
  return rows.map(({ created_at, last_used_at, expires_at, ...device }) => ({
    ...device,
    createdAt: created_at,
    lastUsedAt: last_used_at,
    expiresAt: expires_at,
  }));
}
