import { SynscError } from '../errors.ts';
import { Secret } from '../secret.ts';
import { type DashboardFlags, dashboardUrl, findDashboard } from './dashboard.ts';
import { DashboardClient } from './dashboard-client.ts';
import { readSettings } from './settings.ts';
import type { StoredToken, TokenSource } from './token-store.ts';

export interface Account {
  readonly client: DashboardClient;
  /** Origin of the dashboard. */
  readonly dashboard: string;
  readonly token: Secret;
  readonly tokenSource: TokenSource;
}

/**
 * The dashboard with this machine's token, which it is not shown yet. Throws NOT_SIGNED_IN when there
 * is no token, before anything else. SYNSC_TOKEN wins over a stored one. The caller closes `client`.
 */
export async function openAccount(
  env: NodeJS.ProcessEnv,
  flags: DashboardFlags = {},
): Promise<Account> {
  const settings = readSettings(env);
  const url = dashboardUrl(env, flags, settings);
  const { token, where } = environmentToken(env) ?? (await storedToken(url, env));
  const dashboard = await findDashboard(env, flags, settings);
  const client = new DashboardClient({ ...dashboard, token });
  return { client, dashboard: url, token, tokenSource: where };
}

function environmentToken(env: NodeJS.ProcessEnv): StoredToken | undefined {
  const text = env.SYNSC_TOKEN;
  if (!text) return undefined;
  // RFC 6750 §2.1: anything else cannot stand in an Authorization header
  if (!/^[A-Za-z0-9\-._~+/]+=*$/.test(text)) {
    throw new SynscError('NOT_SIGNED_IN', 'SYNSC_TOKEN does not hold a token');
  }
  return { token: new Secret(Buffer.from(text, 'latin1')), where: 'environment' };
}

async function storedToken(dashboard: string, env: NodeJS.ProcessEnv): Promise<StoredToken> {
  const { readToken } = await import('./token-store.ts'); // native code: not needed with SYNSC_TOKEN
  const stored = await readToken(dashboard, env);
  if (stored) return stored;
  const hint = 'a session keeps the keychain from its commands: run this outside of it';
  throw new SynscError(
    'NOT_SIGNED_IN',
    `this machine is not signed in to ${dashboard}`,
    env.SYNSC_SESSION ? { hint } : {},
  );
}
