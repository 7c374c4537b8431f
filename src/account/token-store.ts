import { SynscError } from '../errors.ts';
import { addKey, readKey, removeKey } from '../platform/keyring.ts';
import { Secret } from '../secret.ts';

export type TokenSource = 'keychain' | 'kernel keyring' | 'environment';

/** This machine's sign-in to a dashboard. */
export interface StoredSignIn {
  /** Of this one sign-in, through all its tokens: a session goes on with no other one. */
  readonly id: string;
  readonly refreshToken: Secret;
  /** Set while a refresh is under way, or its answer was lost. */
  readonly retryKey?: string;
  readonly where: TokenSource;
}

/** The stored sign-in to a dashboard, wherever it is kept; undefined when there is none. */
export async function readSignIn(
  dashboard: string,
  env: NodeJS.ProcessEnv,
): Promise<StoredSignIn | undefined> {
  const kept = await tryKeychain(dashboard, env, (entry) => entry.getSecret());
  if (kept) return { ...parse(Buffer.from(kept)), where: 'keychain' };
  const value = readKey(description(dashboard));
  return value && { ...parse(value), where: 'kernel keyring' };
}

/** Keychain, else kernel keyring, never a file; throws NO_TOKEN_STORE where neither works. */
export async function storeSignIn(
  dashboard: string,
  { id, refreshToken, retryKey }: Omit<StoredSignIn, 'where'>,
  env: NodeJS.ProcessEnv,
): Promise<TokenSource> {
  const tail = Buffer.from(` ${id}${retryKey === undefined ? '' : ` ${retryKey}`}`);
  const bytes = Buffer.concat([refreshToken.expose(), tail]);
  try {
    const stored = await tryKeychain(dashboard, env, async (entry) => {
      await entry.setSecret(bytes);
      return true;
    });
    if (stored) return 'keychain';
    if (addKey(description(dashboard), bytes)) return 'kernel keyring';
  } finally {
    bytes.fill(0);
  }
  throw new SynscError('NO_TOKEN_STORE', 'this machine has no place that keeps a token safely');
}

/** Removes the sign-in from every place. */
export async function deleteSignIn(dashboard: string, env: NodeJS.ProcessEnv): Promise<void> {
  await tryKeychain(dashboard, env, (entry) => entry.deleteCredential());
  removeKey(description(dashboard));
}

/** The token, the id, and perhaps a retry key, with blanks between them. */
function parse(bytes: Buffer): Omit<StoredSignIn, 'where'> {
  const blank = bytes.indexOf(' ');
  const end = blank < 0 ? bytes.length : blank;
  const [id = '', retryKey] = bytes.toString('latin1', end + 1).split(' ');
  const refreshToken = new Secret(bytes.subarray(0, end));
  return { id, refreshToken, ...(retryKey === undefined ? {} : { retryKey }) };
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
