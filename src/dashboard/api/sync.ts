import type { ProviderId } from '../../../protocol/credential.ts';
import type {
  SealedCredential,
  StatusResponse,
  SyncResponse,
} from '../../../protocol/dashboard/answers.ts';
import { generateSealingKeys, seal, sharedKey } from '../../../protocol/dashboard/sealing.ts';
import type { SyncRequest } from '../../../protocol/dashboard/sync.ts';
import { SynscError } from '../../errors.ts';
import type { WebUser } from '../services.ts';
import type { Context } from '../store/context.ts';
import type { UserEnvelope } from '../store/envelope.ts';

/** Who syncs: the account, its latest version, and the machine that the token was issued to. */
interface Syncer extends WebUser {
  readonly version: number;
  readonly device?: string;
}

interface FieldRow {
  provider: ProviderId;
  version: number;
  updated_at: Date;
  name: string;
  masked: string;
}

interface StoredField extends FieldRow {
  id: string;
  wrapped_key: Uint8Array;
  sealed: Uint8Array;
}

/** Every value of the account, sealed to the session's key; plain bytes are overwritten at once. */
export async function sync(
  context: Context,
  { id, email, device, version }: Syncer,
  request: SyncRequest,
): Promise<SyncResponse> {
  const account = { id, email };
  if (request.version === version) {
    return { account, publicKey: '', credentials: [], version, unchanged: true };
  }
  const keys = generateSealingKeys();
  const key = sessionKey(keys, request.publicKey);
  try {
    const fields = await context.store.one<StoredField>(id, 'sealedFields');
    const credentials = await context.envelope.toOpen(id, async (box) =>
      fields.map((field) => sealedTo(key, id, field, openField(box, field))),
    );
    // the trail tells of it before anybody has it
    const outcome = summaryText(fields);
    await context.store.note({ user: id, action: 'sync', target: device ?? '', outcome });
    // of before the fields were read: what changed meanwhile is asked for once more, and never missed
    return { account, publicKey: keys.publicKey, credentials, version };
  } catch (failure) {
    if (failure instanceof FieldError) await recordRefusal(context, id, failure);
    throw failure;
  } finally {
    key.fill(0);
  }
}

/** Names and masks only. */
export async function status({ store }: Context, { id, email }: WebUser): Promise<StatusResponse> {
  const fields = await store.one<FieldRow>(id, 'fields');
  return { account: { id, email }, credentials: fields.map(summaryOf) };
}

/** For the audit trail: names and versions. */
function summaryText(fields: readonly StoredField[]): string {
  return fields.map(({ name, version }) => `${name} v${version}`).join(', ') || 'empty';
}

class FieldError extends SynscError {
  readonly subject: string;

  constructor({ name, version }: StoredField, cause: SynscError) {
    super(cause.code, `${name}: ${cause.message}`, { cause, hint: cause.hint });
    this.subject = `${name} v${version}`;
  }
}

function openField(box: UserEnvelope, field: StoredField): Buffer {
  const { provider, version } = field;
  try {
    return box.open(
      { credential: field.id, provider, field: field.name, version },
      { wrappedKey: field.wrapped_key, sealed: field.sealed },
    );
  } catch (cause) {
    throw cause instanceof SynscError ? new FieldError(field, cause) : cause;
  }
}

/** Takes `value` over: it is overwritten. */
function sealedTo(key: Buffer, accountId: string, field: StoredField, value: Buffer) {
  const { name, version } = field;
  const sealed = seal(key, value, { accountId, name, version });
  value.fill(0);
  return { ...summaryOf(field), ...sealed } satisfies SealedCredential;
}

async function recordRefusal({ store }: Context, user: string, { subject }: FieldError) {
  const outcome = 'does not open with its key';
  await store.one(user, 'addAudit', ['credential.refused', subject, outcome, '']);
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

function summaryOf({ name, provider, masked, version, updated_at }: FieldRow) {
  return { name, provider, masked, version, updatedAt: updated_at.toISOString() };
}
