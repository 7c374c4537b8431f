import { mask, type ProviderId } from '../../../protocol/credential.ts';
import { SynscError } from '../../errors.ts';
import { catalog, providerOf } from '../../provider/catalog.ts';
import { checkProvider } from '../../provider/check.ts';
import type { CredentialSlot, Services } from '../services.ts';
import type { Context } from './context.ts';
import type { UserEnvelope } from './envelope.ts';
import type { Query } from './store.ts';

type Credentials = Pick<Services, 'credentials' | 'saveCredential' | 'deleteCredential'>;

interface SlotRow {
  provider: ProviderId;
  version: number;
  updated_at: Date;
  name: string | null;
  masked: string | null;
  fingerprint: string | null;
}

type Sync = NonNullable<CredentialSlot['lastSync']>;

/** One slot a provider: written, never read back here. */
export function credentials({ store, envelope }: Context): Credentials {
  return {
    async credentials(user) {
      const [rows, [lastSync]] = await store.tx(user.id, async (query) => [
        await query<SlotRow>('slots'),
        await query<Sync>('lastSync'),
      ]);
      return catalog.map((provider) => slotOf(provider.id, rows, lastSync));
    },
    async saveCredential(user, provider, entered) {
      const values = checkedValues(provider, entered);
      await envelope.toSeal(user.id, (box) =>
        store.tx(user.id, (query) => save(query, box, provider, values)),
      );
    },
    async deleteCredential(user, provider) {
      await store.tx(user.id, async (query) => {
        const [slot] = await query<{ id: string }>('emptySlot', [provider]);
        if (!slot) return;
        await query('deleteFields', [slot.id]);
        await query('addAudit', ['credential.delete', provider, 'ok', '']);
      });
    },
  };
}

async function save(
  query: Query,
  box: UserEnvelope,
  provider: ProviderId,
  values: readonly [name: string, value: string][],
): Promise<void> {
  const [slot] = await query<{ id: string; version: number }>('nextVersion', [provider]);
  if (!slot) throw new SynscError('INTERNAL', 'the slot was not written');
  const { id: credential, version } = slot;
  await query('deleteFields', [credential]);
  for (const [field, value] of values) {
    const bytes = Buffer.from(value);
    const place = { credential, provider, field, version };
    const { wrappedKey, sealed } = box.seal(place, bytes);
    const fingerprint = box.fingerprint(place, bytes);
    bytes.fill(0);
    const masked = shown(provider, field, value);
    await query('insertField', [
      ...[credential, field, version, masked, wrappedKey, sealed, fingerprint],
    ]);
  }
  await query('addAudit', ['credential.set', provider, `version ${version}`, '']);
}

/** Trimmed, without the empty ones; INVALID_CREDENTIAL with every field that is at fault. */
function checkedValues(
  id: ProviderId,
  entered: Readonly<Record<string, string>>,
): [name: string, value: string][] {
  const provider = providerOf(id);
  const values = provider.variables
    .map(({ name }): [string, string] => [name, (entered[name] ?? '').trim()])
    .filter(([, value]) => value !== '');
  const faults = checkProvider(provider, Object.fromEntries(values)).map(({ field, message }) => ({
    field,
    message: `${field} ${message}`,
  }));
  const [first] = faults;
  if (first) throw new SynscError('INVALID_CREDENTIAL', first.message, { faults });
  return values;
}

/** The end of a JSON document says nothing about it. */
function shown(id: ProviderId, field: string, value: string): string {
  const variable = providerOf(id).variables.find(({ name }) => name === field);
  return variable?.kind === 'json' ? mask('') : mask(value);
}

function slotOf(
  provider: ProviderId,
  rows: readonly SlotRow[],
  lastSync: Sync | undefined,
): CredentialSlot {
  const own = rows.filter((row) => row.provider === provider);
  const changed = own[0]?.updated_at;
  // a sync takes all there is: the last one took this slot, unless that changed since
  const taken = lastSync && changed && lastSync.at >= changed;
  return {
    provider,
    version: own[0]?.version ?? 0,
    updatedAt: changed ?? null,
    lastSync: taken ? lastSync : null,
    fields: providerOf(provider).variables.map(({ name }) => {
      const { masked = null, fingerprint = null } = own.find((row) => row.name === name) ?? {};
      return { name, masked, fingerprint };
    }),
  };
}
