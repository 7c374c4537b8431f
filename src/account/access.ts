import { randomBytes } from 'node:crypto';
import {
  clientId,
  refreshGrantType,
  retryParameter,
  tokenPrefix,
} from '../../protocol/dashboard/device.ts';
import { number, object, optional, read, string } from '../../protocol/shape.ts';
import { SynscError } from '../errors.ts';
import { Secret } from '../secret.ts';
import { oneAtATime } from './refresh-lock.ts';
import type { StoredSignIn } from './token-store.ts';
import type { Answer, Transport } from './transport.ts';

/** Where a client of the dashboard gets its access tokens from. */
export interface Access {
  /** A token that should be good now. NOT_SIGNED_IN, DASHBOARD_UNREACHABLE, SYNC_FAILED. */
  current(): Promise<Secret>;
  /** Another one, after the dashboard refused `token`; undefined where there is no other. */
  replace(token: Secret): Promise<Secret | undefined>;
}

/** Makes an access that asks over the connections of its client. */
export type AccessOver = (transport: Transport) => Access;

/** One token, as it is. */
export function fixedAccess(token: Secret): AccessOver {
  return () => ({ current: async () => token, replace: async () => undefined });
}

/** Milliseconds before its end at which an access token is not used any more. */
const margin = 60_000;

const tokens = object({
  access_token: string,
  expires_in: optional(number),
  refresh_token: optional(string),
});
const refusal = object({ error: string });

interface Held {
  readonly token: Secret;
  readonly until: number;
}

/** Access tokens, each kept in memory for its hour, that `renew` gets: one call at a time. */
function renewedAccess(renew: () => Promise<Held>): Access {
  let held: Held | undefined;
  let pending: Promise<Secret> | undefined;
  const keep = async () => {
    held = await renew();
    return held.token;
  };
  const fresh = () => {
    pending ??= keep().finally(() => {
      pending = undefined;
    });
    return pending;
  };
  return {
    current: async () => (held && held.until > Date.now() + margin ? held.token : fresh()),
    replace: async (refused) => (held && held.token !== refused ? held.token : fresh()),
  };
}

/** Bought with a token for CI, which stays as it is. */
export function automationAccess(token: Secret): AccessOver {
  return (transport) =>
    renewedAccess(async () =>
      heldOf(await ask(transport, { refresh_token: token.expose().toString('latin1') })),
    );
}

/** Where a sign-in is kept, and how it is replaced. */
export interface SignInStore {
  read(): Promise<StoredSignIn | undefined>;
  write(signIn: Omit<StoredSignIn, 'where'>): Promise<unknown>;
  forget(): Promise<void>;
}

/**
 * Bought with this machine's refresh token, which each time is replaced. The retry key is stored
 * before the request is sent: if its answer is lost, whoever comes next gets it once more.
 */
export function machineAccess(id: string, store: SignInStore, env: NodeJS.ProcessEnv): AccessOver {
  return (transport) => renewedAccess(() => oneAtATime(env, () => exchange(transport, id, store)));
}

async function exchange(transport: Transport, id: string, store: SignInStore): Promise<Held> {
  const kept = await withRetryKey(id, store);
  // somebody else may be signed in by now: what began with one account does not go on with another
  if (kept?.id !== id) {
    throw new SynscError('NOT_SIGNED_IN', 'this machine was signed out in the meantime');
  }
  const { refreshToken, retryKey = '' } = kept;
  const shown = refreshToken.expose().toString('latin1');
  const answer = await ask(transport, { refresh_token: shown, [retryParameter]: retryKey });
  if (answer === 'ended') {
    await store.forget();
    throw ended();
  }
  if (answer.refreshToken) await store.write({ id, refreshToken: answer.refreshToken });
  return heldOf(answer);
}

/** What is stored, after a retry key is with it. Read again: another process may have been first. */
async function withRetryKey(id: string, store: SignInStore): Promise<StoredSignIn | undefined> {
  const kept = await store.read();
  if (kept?.id !== id || kept.retryKey !== undefined) return kept;
  const retryKey = randomBytes(16).toString('base64url');
  await store.write({ id, refreshToken: kept.refreshToken, retryKey });
  return store.read();
}

interface Tokens {
  readonly access: Secret;
  readonly seconds: number;
  readonly refreshToken?: Secret;
}

/** The token endpoint: `ended` when it knows the sign-in no more. */
async function ask(
  transport: Transport,
  parameters: Record<string, string>,
): Promise<Tokens | 'ended'> {
  const form = { grant_type: refreshGrantType, client_id: clientId, ...parameters };
  const answer = await transport.send({
    method: 'POST',
    path: '/oauth/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
  return tokensOf(answer) ?? judge(answer);
}

/** The tokens of an answer of the token endpoint; undefined when it is a refusal. */
export function tokensOf({ status, body }: Pick<Answer, 'status' | 'body'>): Tokens | undefined {
  const answered = status === 200 ? read(tokens, body) : undefined;
  if (answered === undefined) return undefined;
  const { access_token: access, expires_in: seconds = 3600, refresh_token: next } = answered;
  return {
    access: new Secret(Buffer.from(access, 'latin1')),
    seconds,
    ...(next === undefined ? {} : { refreshToken: new Secret(Buffer.from(next, 'latin1')) }),
  };
}

/** The word of RFC 6749 §5.2 with which the token endpoint refused; '' when it said none. */
export function refusalOf({ body }: Pick<Answer, 'body'>): string {
  return read(refusal, body)?.error ?? '';
}

function judge(answer: Answer): 'ended' {
  if (refusalOf(answer) === 'invalid_grant') return 'ended';
  throw new SynscError('SYNC_FAILED', `the dashboard gave no new token (${answer.status})`);
}

function heldOf(tokens: Tokens | 'ended'): Held {
  if (tokens === 'ended') throw ended();
  return { token: tokens.access, until: Date.now() + tokens.seconds * 1000 };
}

function ended(): SynscError {
  return new SynscError('NOT_SIGNED_IN', 'this sign-in was revoked or has expired');
}

/** Whether a token is one that buys access tokens, and is none itself. */
export function isAutomationToken(token: Secret): boolean {
  return token.expose().toString('latin1').startsWith(tokenPrefix.automation);
}
