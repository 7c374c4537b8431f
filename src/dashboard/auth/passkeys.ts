import { randomBytes } from 'node:crypto';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { SynscError } from '../../errors.ts';
import type { Passkey, Services, Site, WebUser } from '../services.ts';
import type { Context } from '../store/context.ts';
import type { Store } from '../store/store.ts';
import { hashToken } from './token.ts';
import { countTry, limits } from './tries.ts';

type Passkeys = Pick<
  Services,
  | 'passkeys'
  | 'passkeyToMake'
  | 'addPasskey'
  | 'deletePasskey'
  | 'passkeyToShow'
  | 'signInByPasskey'
  | 'proveByPasskey'
>;

/** Seconds that somebody has to find their key. */
const patience = 5 * 60;
/** RFC 8152 §8.1, §8.2 and RFC 8230: ES256, EdDSA, RS256. */
const algorithms = [-7, -8, -257];

interface KeyRow {
  user_id: string;
  email: string;
  public_key: Uint8Array;
  counter: string | number;
  transports: string[];
}

/** WebAuthn: what a passkey signs is random, good once, and for this site alone. */
export function passkeys({ store }: Context): Passkeys {
  return {
    passkeys: (user) => list(store, user),
    async passkeyToMake(user, site) {
      const { generateRegistrationOptions } = await import('@simplewebauthn/server');
      const known = await list(store, user);
      return generateRegistrationOptions({
        rpName: 'synsc',
        rpID: site.host,
        userID: new Uint8Array(Buffer.from(user.id)),
        userName: user.email,
        challenge: await newChallenge(store, user.id),
        attestationType: 'none',
        excludeCredentials: known.map(({ id }) => ({ id })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        supportedAlgorithmIDs: algorithms,
      });
    },
    async addPasskey(user, name, response, site) {
      const key = await verifyNew(store, user, response, site);
      await store.tx(user.id, async (query) => {
        await query('addPasskey', [
          ...[key.id, shortName(name), Buffer.from(key.publicKey), key.counter],
          key.transports ?? [],
        ]);
        await query('addAudit', ['passkey.add', shortName(name), 'ok', '']);
      });
    },
    deletePasskey: (user, id) =>
      store.tx(user.id, async (query) => {
        const [row] = await query<{ name: string }>('deletePasskey', [id]);
        if (!row) throw new SynscError('NOT_FOUND', 'no such passkey');
        await query('addAudit', ['passkey.delete', row.name, 'ok', '']);
      }),
    async passkeyToShow(who, site) {
      const { generateAuthenticationOptions } = await import('@simplewebauthn/server');
      const user = typeof who === 'string' ? undefined : who;
      if (typeof who === 'string') await countTry(store, limits.challenge(who));
      const known = user ? await list(store, user) : [];
      return generateAuthenticationOptions({
        rpID: site.host,
        challenge: await newChallenge(store, user?.id ?? null),
        allowCredentials: known.map(({ id }) => ({ id })),
        userVerification: 'required',
      });
    },
    async signInByPasskey(response, site) {
      const user = await verifyShown(store, null, response, site);
      await store.tx(null, (query) =>
        query('note', [user.id, 'account.sign-in', user.email, 'ok, by passkey', '']),
      );
      return user;
    },
    async proveByPasskey(user, cookieValue, response, site) {
      const shown = await verifyShown(store, user.id, response, site);
      if (shown.id !== user.id) throw refused();
      await store.tx(user.id, (query) => query('proveWebSession', [hashToken(cookieValue)]));
    },
  };
}

async function list(store: Store, user: WebUser): Promise<Passkey[]> {
  const rows = await store.tx(user.id, (query) =>
    query<{ id: string; name: string; created_at: Date; last_used_at: Date | null }>('passkeys'),
  );
  return rows.map(({ id, name, created_at: createdAt, last_used_at: lastUsedAt }) => ({
    ...{ id, name, createdAt, lastUsedAt },
  }));
}

async function newChallenge(store: Store, user: string | null): Promise<Uint8Array<ArrayBuffer>> {
  const challenge = new Uint8Array(randomBytes(32));
  const hash = hashToken(Buffer.from(challenge).toString('base64url'));
  const [row] = await store.tx(user, (query) =>
    query<{ added: boolean }>('addChallenge', [hash, patience]),
  );
  if (!row?.added) throw new SynscError('RATE_LIMITED', 'too many sign-ins wait for their passkey');
  return challenge;
}

/** Whether `challenge` was given to `user` (null: to somebody who is not signed in); never twice. */
async function takeChallenge(store: Store, user: string | null, challenge: string) {
  const [row] = await store.tx(user, (query) =>
    query<{ taken: boolean }>('takeChallenge', [hashToken(challenge)]),
  );
  return row?.taken ?? false;
}

async function verifyNew(store: Store, user: WebUser, response: unknown, site: Site) {
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
  const { registrationInfo } = await verifyRegistrationResponse({
    response: response as RegistrationResponseJSON,
    expectedChallenge: (challenge) => takeChallenge(store, user.id, challenge),
    expectedOrigin: site.origin,
    expectedRPID: site.host,
    supportedAlgorithmIDs: algorithms,
  }).catch(asRefusal);
  if (!registrationInfo) throw refused();
  return registrationInfo.credential;
}

async function verifyShown(
  store: Store,
  user: string | null,
  response: unknown,
  site: Site,
): Promise<WebUser> {
  const shown = response as AuthenticationResponseJSON;
  const [key] = await store.tx(null, (query) => query<KeyRow>('passkey', [String(shown?.id)]));
  if (!key) throw refused();
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response: shown,
    expectedChallenge: (challenge) => takeChallenge(store, user, challenge),
    expectedOrigin: site.origin,
    expectedRPID: site.host,
    credential: {
      id: shown.id,
      publicKey: new Uint8Array(key.public_key),
      counter: Number(key.counter),
    },
  }).catch((cause: unknown) => {
    if (cause instanceof SynscError) throw cause;
    return { verified: false as const, authenticationInfo: undefined };
  });
  if (!verified) {
    const action = user === null ? 'account.sign-in' : 'account.proof';
    const note = [key.user_id, action, key.email, 'refused, by passkey', ''];
    await store.tx(null, (query) => query('note', note));
    throw refused();
  }
  await store.tx(null, (query) => query('usePasskey', [shown.id, authenticationInfo.newCounter]));
  return { id: key.user_id, email: key.email };
}

function shortName(name: string): string {
  return name.trim().slice(0, 60) || 'Passkey';
}

/** What the library finds wrong may quote what was sent. */
function asRefusal(cause: unknown): never {
  if (cause instanceof SynscError) throw cause;
  throw refused();
}

function refused(): SynscError {
  return new SynscError('NOT_AUTHORIZED', 'this passkey was not accepted', {
    hint: 'try again, or use your password',
  });
}
