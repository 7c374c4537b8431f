import { randomUUID } from 'node:crypto';
import { scope as fullScope, tokenPrefix } from '../../../protocol/dashboard/device.ts';
import { SynscError } from '../../errors.ts';
import type { Device, Services } from '../services.ts';
import type { Context } from '../store/context.ts';
import { isUuid } from '../store/uuid.ts';
import { hashToken, newToken } from './token.ts';

type Machines = Pick<
  Services,
  'devices' | 'revokeDevice' | 'revokeAllDevices' | 'createAutomationToken'
>;

const day = 24 * 60 * 60;
/** Days that a token for CI may live. */
const longestAutomation = 365;

interface MachineRow extends Pick<Device, 'id' | 'kind' | 'name' | 'host' | 'address' | 'scope'> {
  os_user: string;
  created_at: Date;
  last_used_at: Date | null;
  expires_at: Date;
  revoked_at: Date | null;
  ended_by: string;
}

/** The machines that are signed in, and the tokens that people made for CI. */
export function machines({ store }: Context): Machines {
  return {
    async devices(user) {
      const rows = await store.tx(user.id, (query) => query<MachineRow>('machines'));
      return rows.map(deviceOf);
    },
    revokeDevice: (user, id) =>
      store.tx(user.id, async (query) => {
        const [known] = isUuid(id) ? await query<{ name: string }>('ownMachine', [id]) : [];
        if (!known) throw new SynscError('NOT_FOUND', 'no such machine');
        const ended = await query('revokeMachine', [id]);
        if (ended.length > 0) await query('addAudit', ['token.revoke', known.name, 'ok', '']);
      }),
    revokeAllDevices: (user) =>
      store.tx(user.id, async (query) => {
        const ended = await query<{ name: string }>('revokeMachines', ['all at once']);
        for (const { name } of ended) await query('addAudit', ['token.revoke', name, 'ok', '']);
        return ended.length;
      }),
    async createAutomationToken(user, { name, days }) {
      const wanted = checkedName(name);
      const token = newToken(tokenPrefix.automation);
      const seconds = checkedDays(days) * day;
      await store.tx(user.id, (query) =>
        query('addAutomation', [...[randomUUID(), wanted, fullScope, hashToken(token), seconds]]),
      );
      return token;
    },
  };
}

function checkedName(text: string): string {
  const name = text.trim();
  if (name !== '' && name.length <= 100) return name;
  throw new SynscError('INVALID_PARAMS', 'a name has 1 to 100 characters', {
    field: 'name',
    hint: 'say where the token will be used',
  });
}

function checkedDays(text: string): number {
  const days = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= longestAutomation) return days;
  throw new SynscError('INVALID_PARAMS', `a token lives 1 to ${longestAutomation} days`, {
    field: 'days',
    hint: 'choose how long it is needed',
  });
}

function deviceOf(row: MachineRow): Device {
  const { id, kind, name, host, address, scope } = row;
  return {
    ...{ id, kind, name, host, address, scope },
    osUser: row.os_user,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    endedBy: row.ended_by,
  };
}
