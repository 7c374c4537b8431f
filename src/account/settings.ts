import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as z from 'zod/mini';
import { SynscError } from '../errors.ts';

const settingsSchema = z.object({
  /** Origin of the dashboard that this machine is signed in to. */
  dashboard: z.optional(z.string()),
  /** E-mail of the account that this machine signed in with last. */
  account: z.optional(z.string()),
  /** SHA-256 of that dashboard's own certificate authority, hex. */
  caSha256: z.optional(z.string()),
  /** That authority's certificate, PEM. */
  ca: z.optional(z.string()),
  /** What the audit chain of a session keeps beside names. */
  audit: z.optional(z.object({ arguments: z.optional(z.boolean()) })),
  /** The user's own rules for programs; read by the policy. */
  policy: z.optional(z.unknown()),
});
/** What `config.json` may hold: never a secret. */
export type Settings = z.infer<typeof settingsSchema>;

/** `$XDG_CONFIG_HOME/synsc/config.json`; a relative XDG path is ignored (XDG base directories). */
function settingsPath(env: NodeJS.ProcessEnv): string {
  return join(baseDirectory(env.XDG_CONFIG_HOME, '.config', env), 'synsc', 'config.json');
}

/** Certificate authority of the dashboard that this user runs on this machine. */
export function localAuthorityPath(env: NodeJS.ProcessEnv): string {
  const data = baseDirectory(env.XDG_DATA_HOME, '.local/share', env);
  return join(data, 'synsc', 'dashboard', 'tls', 'ca.crt');
}

/** Empty when there is no file; throws USAGE naming the file when it cannot be understood. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const path = settingsPath(env);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return {};
    throw new SynscError('USAGE', `cannot read ${path}`, { cause, hint: 'check its permissions' });
  }
  const settings = z.safeParse(settingsSchema, parse(text, path));
  if (!settings.success) throw broken(path);
  return settings.data;
}

/** Replaces the file, but for what the user wrote into it: mode 0600, in a directory of mode 0700. */
export function writeSettings(
  env: NodeJS.ProcessEnv,
  given: Omit<Settings, 'policy' | 'audit'>,
): void {
  const path = settingsPath(env);
  const { policy, audit } = readSettings(env);
  const settings: Settings = {
    ...given,
    ...(policy !== undefined && { policy }),
    ...(audit !== undefined && { audit }),
  };
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  chmodSync(dirname(path), 0o700);
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const text = `${JSON.stringify(settings, null, 2)}\n`;
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw broken(path);
  }
}

function broken(path: string): SynscError {
  return new SynscError('USAGE', `${path} is not a valid settings file`, {
    hint: 'correct it, or remove it and run `synsc connect login` again',
  });
}

function baseDirectory(value: string | undefined, fallback: string, env: NodeJS.ProcessEnv) {
  return value?.startsWith('/') ? value : join(env.HOME || ownHome(), fallback);
}

/** A user without an entry in the list of users (containers) has none: `/`, as login(1) does. */
function ownHome(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}
