import type { ProviderId } from '../../../protocol/credential.ts';
import { generateSealingKeys, seal, sharedKey } from '../../../protocol/dashboard/sealing.ts';
import type {
  SealedCredential,
  StatusResponse,
  SyncRequest,
  SyncResponse,
} from '../../../protocol/dashboard/sync.ts';
import { SynscError } from '../../errors.ts';
import type { WebUser } from '../services.ts';
import type { Context } from '../store/context.ts';

interface FieldRow {
  id: string;
  provider: ProviderId;
  version: number;
  updated_at: Date;
  name: string;
  masked: string;
  wrapped_key: Uint8Array;
  sealed: Uint8Array;
}

/** Every value of the account, sealed to the session's key; plain bytes are overwritten at once. */
export async function sync(
  { store, envelope }: Context,
  user: WebUser,
  { publicKey, sessionId }: SyncRequest,
  address: string,
): Promise<SyncResponse> {
  const keys = generateSealingKeys();
  const key = sessionKey(keys, publicKey);
  try {
    const rows = await store.tx(user.id, async (query) => {
      const found = await query<FieldRow>('sealedFields');
      const names = found.map((row) => row.name).join(' ');
      await query('addAudit', ['sync', sessionId ?? '', names === '' ? 'empty' : names, address]);
      return found;
    });
    const credentials: SealedCredential[] = [];
    for (const row of rows) {
      const value = await envelope.open(placeOf(user, row), {
        wrappedKey: Buffer.from(row.wrapped_key),
        sealed: Buffer.from(row.sealed),
      });
      const { name, version } = row;
      const sealed = seal(key, value, { accountId: user.id, name, version });
      value.fill(0);
      credentials.push({ ...summaryOf(row), ...sealed });
    }
    return { account: user, publicKey: keys.publicKey, credentials };
  } finally {
    key.fill(0);
  }
}

/** Names and masks only. */
export async function status({ store }: Context, user: WebUser): Promise<StatusResponse> {
  const rows = await store.tx(user.id, (query) => query<FieldRow>('sealedFields'));
  return { account: user, credentials: rows.map(summaryOf) };
}

function sessionKey(keys: ReturnType<typeof generateSealingKeys>, publicKey: string): Buffer {
  try {
    return sharedKey(keys, publicKey, 'dashboard');
  } catch (cause) {
    throw new SynscError('INVALID_PARAMS', 'publicKey is no X25519 public key', {
      cause,
      field: 'publicKey',
    });
  }
}

function placeOf(user: WebUser, row: FieldRow) {
  const { provider, version } = row;
  return { user: user.id, credential: row.id, provider, field: row.name, version };
}

function summaryOf(row: FieldRow) {
  const { name, provider, masked, version } = row;
  return { name, provider, masked, version, updatedAt: row.updated_at.toISOString() };
}
