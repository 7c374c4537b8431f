import { existsSync } from 'node:fs';
import type { SpawnParams } from '../../../protocol/session/schemas.ts';
import { childEnvironment } from '../policy/environment.ts';
import type { Parts } from './parts.ts';

/** Variables by which a shell would run other text first, with the values in its environment. */
export const startupVariables = [
  'BASH_ENV',
  'ENV',
  'SHELLOPTS',
  'BASHOPTS',
  'PS4',
  'PROMPT_COMMAND',
];

/** Where the user's keychain and everything else on the session bus is reached (D-Bus). */
const busVariable = 'DBUS_SESSION_BUS_ADDRESS';

/** What a command of the session starts with, but for the values that it is given. */
export interface Start {
  /** What its own request sets. */
  readonly env?: SpawnParams['env'];
  /** Names that it is given. */
  readonly given?: readonly string[];
  /** What its programs show when they ask at their start; absent: they may not. */
  readonly capability?: string | undefined;
  /** Names that the user authorised: no shim takes them away. */
  readonly authorized?: readonly string[];
}

/** Environment of a command of the session: shims first in PATH, no credential. */
export function sessionEnvironment(start: Start, parts: Parts): Record<string, string> {
  const { env: requested, given = [], capability, authorized = [] } = start;
  const { baseEnv, id, socketPath, shims } = parts;
  const env = childEnvironment(baseEnv, { env: requested }, given);
  if (given.length > 0) withoutStartup(env);
  else if (shims.guard !== undefined) guarded(env, shims.guard);
  env.PATH = shims.cover(env.PATH);
  withoutBus(env);
  delete env.SYNSC_CAPABILITY;
  delete env.SYNSC_KEEP;
  return {
    ...env,
    // an outermost bash whose input is a socket takes itself for rshd's: reads ~/.bashrc, not BASH_ENV
    SHLVL: Number(env.SHLVL) > 0 ? String(env.SHLVL) : '1',
    SYNSC_SOCKET: socketPath,
    SYNSC_SESSION: id,
    ...(shims.directory !== undefined && { SYNSC_SHIMS: shims.directory }),
    PERL_BADLANG: '0', // a shim is a Perl program: it shall not complain about the locale
    ...(capability !== undefined && { SYNSC_CAPABILITY: capability }),
    ...(authorized.length > 0 && { SYNSC_KEEP: authorized.join(' ') }),
  };
}

/** The keychain holds the sign-in. Where a bus stands at its usual place, an address that leads nowhere. */
function withoutBus(env: Record<string, string>): void {
  delete env[busVariable];
  const usual = env.XDG_RUNTIME_DIR;
  if (usual && existsSync(`${usual}/bus`)) env[busVariable] = 'disabled:';
}

function withoutStartup(env: Record<string, string>): void {
  for (const name of Object.keys(env)) {
    if (startupVariables.includes(name) || name.startsWith('BASH_FUNC_')) delete env[name];
  }
}

/** The user's own file runs first, from within the guard. */
function guarded(env: Record<string, string>, guard: string): void {
  if (env.BASH_ENV && env.BASH_ENV !== guard) env.SYNSC_BASH_ENV = env.BASH_ENV;
  env.BASH_ENV = guard;
}
