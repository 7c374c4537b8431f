import { chmodSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  boolean,
  object,
  optional,
  read,
  type Shaped,
  string,
  unknown,
} from '../../protocol/shape.ts';
import { codeOf, SynscError } from '../errors.ts';
import { readRegular, replaceFile } from '../platform/files.ts';

/** Bytes of a settings file at most. */
const sizeLimit = 1024 * 1024;

const shape = object({
  /** Origin of the dashboard that this machine is signed in to. */
  dashboard: optional(string),
  /** E-mail of the account that this machine signed in with last. */
  account: optional(string),
  /** SHA-256 of that dashboard's own certificate authority, hex. */
  caSha256: optional(string),
  /** That authority's certificate, PEM. */
  ca: optional(string),
  /** What the audit chain of a session keeps beside names. */
  audit: optional(object({ arguments: optional(boolean) })),
  /** The user's own rules for programs; read by the policy. */
  policy: optional(unknown),
});
/** What `config.json` may hold: never a secret. */
export type Settings = Shaped<typeof shape>;

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
    text = readRegular(path, sizeLimit).toString('utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return {};
    throw new SynscError('USAGE', `cannot read ${path}`, {
      cause,
      hint: 'check its permissions, and that it is a file',
    });
  }
  const settings = read(shape, text);
  if (settings === undefined) throw broken(path);
  return settings;
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
  replaceFile(path, `${JSON.stringify(settings, null, 2)}\n`);
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
