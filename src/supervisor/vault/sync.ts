import type { SyncResponse } from '../../../protocol/dashboard/answers.ts';
import { generateSealingKeys, open, sharedKey } from '../../../protocol/dashboard/sealing.ts';
import type { SyncRequest } from '../../../protocol/dashboard/sync.ts';
import { SynscError } from '../../errors.ts';
import { release, secretBuffer } from '../../platform/pages.ts';
import { Secret } from '../../secret.ts';
import type { Credential } from './vault.ts';

/** Asks the dashboard; throws NOT_SIGNED_IN, DASHBOARD_UNREACHABLE, SYNC_FAILED. */
export type SyncSource = (request: SyncRequest) => Promise<SyncResponse>;

/** All credentials of the account, of one moment. */
interface Fetched {
  readonly credentials: readonly Credential[];
  /** Of the account's credentials; an older dashboard tells none. */
  readonly version: number | undefined;
}

/**
 * Fetches the account's credentials, sealed to a key of this call alone, and opens them in memory.
 * Undefined when the dashboard holds nothing newer than the version that is known.
 */
export async function fetchCredentials(
  source: SyncSource,
  known?: number,
): Promise<Fetched | undefined> {
  const keys = generateSealingKeys();
  const { account, publicKey, credentials, version, unchanged } = await source({
    publicKey: keys.publicKey,
    ...(known === undefined ? {} : { version: known }),
  });
  if (unchanged === true) return undefined;
  const taken: Buffer[] = [];
  const allocate = (size: number) => {
    const bytes = secretBuffer(size);
    taken.push(bytes);
    return bytes;
  };
  let key: Buffer | undefined;
  try {
    const shared = sharedKey(keys, publicKey, 'session');
    key = shared;
    const opened = credentials.map(({ name, provider, version, masked, nonce, ciphertext }) => {
      const context = { accountId: account.id, name, version };
      const secret = new Secret(open(shared, { nonce, ciphertext }, context, allocate));
      return { name, provider, source: 'dashboard' as const, masked, version, secret };
    });
    return { credentials: opened, version };
  } catch (cause) {
    for (const bytes of taken) release(bytes);
    throw new SynscError('SYNC_FAILED', 'the dashboard sent a value that does not open', { cause });
  } finally {
    key?.fill(0);
  }
}
