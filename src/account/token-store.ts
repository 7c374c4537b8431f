import { SynscError } from '../errors.ts';
import { addKey, readKey, removeKey } from '../platform/keyring.ts';
import { Secret } from '../secret.ts';

export type TokenSource = 'keychain' | 'kernel keyring' | 'environment';

export interface StoredToken {
  readonly token: Secret;
  readonly where: TokenSource;
}

/** The stored token of a dashboard, wherever it is kept; undefined when there is none. */
export async function readToken(
  dashboard: string,
  env: NodeJS.ProcessEnv,
): Promise<StoredToken | undefined> {
  const kept = await tryKeychain(dashboard, env, (entry) => entry.getSecret());
  if (kept) return { token: new Secret(Buffer.from(kept)), where: 'keychain' };
  const value = readKey(description(dashboard));
  return value && { token: new Secret(value), where: 'kernel keyring' };
}

/** Keychain, else kernel keyring, never a file; throws NO_TOKEN_STORE where neither works. */
export async function storeToken(
  dashboard: string,
  token: Secret,
  env: NodeJS.ProcessEnv,
): Promise<TokenSource> {
  const stored = await tryKeychain(dashboard, env, async (entry) => {
    await entry.setSecret(token.expose());
    return true;
  });
  if (stored) return 'keychain';
  if (addKey(description(dashboard), token.expose())) return 'kernel keyring';
  throw new SynscError('NO_TOKEN_STORE', 'this machine has no place that keeps a token safely');
}

/** Removes the token from every place. */
export async function deleteToken(dashboard: string, env: NodeJS.ProcessEnv): Promise<void> {
  await tryKeychain(dashboard, env, (entry) => entry.deleteCredential());
  removeKey(description(dashboard));
}

type Keychain = InstanceType<typeof import('@napi-rs/keyring')['AsyncEntry']>;

/** Undefined where there is no keychain, or it is locked: the next place is asked then. */
async function tryKeychain<T>(
  dashboard: string,
  env: NodeJS.ProcessEnv,
  use: (entry: Keychain) => Promise<T>,
): Promise<T | undefined> {
  if (process.platform === 'linux' && !env.DBUS_SESSION_BUS_ADDRESS) return undefined;
  try {
    const { AsyncEntry } = await import('@napi-rs/keyring');
    return await use(new AsyncEntry('synsc', dashboard, { linux: { store: 'secret-service' } }));
  } catch {
    return undefined;
  }
}

function description(dashboard: string): string {
  return `synsc:token:${dashboard}`;
}
