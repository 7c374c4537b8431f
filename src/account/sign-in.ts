import { SynscError } from '../errors.ts';
import { Secret } from '../secret.ts';
import {
  type AccessOver,
  automationAccess,
  fixedAccess,
  isAutomationToken,
  machineAccess,
  type SignInStore,
} from './access.ts';
import { type DashboardFlags, dashboardUrl, findDashboard } from './dashboard.ts';
import { DashboardClient } from './dashboard-client.ts';
import { readSettings } from './settings.ts';
import type { TokenSource } from './token-store.ts';

export interface Account {
  readonly client: DashboardClient;
  /** Origin of the dashboard. */
  readonly dashboard: string;
  /** What `connect logout` revokes: SYNSC_TOKEN, or the stored refresh token. */
  readonly token: Secret;
  readonly tokenSource: TokenSource;
  /** Hears of that token, a copy, and of each that takes its place. */
  onToken(hear: (token: Secret) => void): void;
}

interface SignIn {
  readonly token: Secret;
  readonly where: TokenSource;
  readonly access: AccessOver;
  onToken(hear: (token: Secret) => void): void;
}

/**
 * The dashboard with this machine's sign-in, which it is not shown yet. Throws NOT_SIGNED_IN when
 * there is none, before anything else. SYNSC_TOKEN wins over a stored one. The caller closes `client`.
 */
export async function openAccount(
  env: NodeJS.ProcessEnv,
  flags: DashboardFlags = {},
): Promise<Account> {
  const settings = readSettings(env);
  const url = dashboardUrl(env, flags, settings);
  const signIn = environmentSignIn(env) ?? (await storedSignIn(url, env));
  const dashboard = await findDashboard(env, flags, settings);
  const client = new DashboardClient({ ...dashboard, access: signIn.access });
  const { token, where: tokenSource, onToken } = signIn;
  return { client, dashboard: url, token, tokenSource, onToken };
}

function environmentSignIn(env: NodeJS.ProcessEnv): SignIn | undefined {
  const text = env.SYNSC_TOKEN;
  if (!text) return undefined;
  // RFC 6750 §2.1: anything else cannot stand in an Authorization header
  if (!/^[A-Za-z0-9\-._~+/]+=*$/.test(text)) {
    throw new SynscError('NOT_SIGNED_IN', 'SYNSC_TOKEN does not hold a token', {
      hint: 'make one on the devices page of the dashboard',
    });
  }
  const token = new Secret(Buffer.from(text, 'latin1'));
  const access = isAutomationToken(token) ? automationAccess(token) : fixedAccess(token);
  return { token, where: 'environment', access, onToken: (hear) => hear(token.copy()) };
}

async function storedSignIn(url: string, env: NodeJS.ProcessEnv): Promise<SignIn> {
  // native code: not needed with SYNSC_TOKEN
  const { deleteSignIn, readSignIn, storeSignIn } = await import('./token-store.ts');
  const stored = await readSignIn(url, env);
  if (!stored) throw notSignedIn(url, env);
  let hear: (token: Secret) => void = () => undefined;
  const store: SignInStore = {
    read: () => readSignIn(url, env),
    write(signIn) {
      hear(signIn.refreshToken.copy());
      return storeSignIn(url, signIn, env);
    },
    forget: () => deleteSignIn(url, env),
  };
  return {
    token: stored.refreshToken,
    where: stored.where,
    access: machineAccess(stored.id, store, env),
    onToken(listener) {
      hear = listener;
      hear(stored.refreshToken.copy());
    },
  };
}

function notSignedIn(url: string, env: NodeJS.ProcessEnv): SynscError {
  const hint = 'a session keeps the keychain from its commands: run this outside of it';
  const message = `this machine is not signed in to ${url}`;
  return new SynscError('NOT_SIGNED_IN', message, env.SYNSC_SESSION ? { hint } : {});
}
