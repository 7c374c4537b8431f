import type { SpawnParams } from '../../../protocol/session/schemas.ts';
import { childEnvironment } from '../policy/environment.ts';
import type { Parts } from './parts.ts';

/** Variables by which a shell would run other text first, with the values in its environment. */
const startupVariables = ['BASH_ENV', 'ENV', 'SHELLOPTS', 'BASHOPTS', 'PS4', 'PROMPT_COMMAND'];

/** Environment of a command of the session, but for the values that it is given. */
export function sessionEnvironment(
  request: Pick<SpawnParams, 'env'>,
  given: readonly string[],
  { baseEnv, id, socketPath }: Parts,
): Record<string, string> {
  const env = childEnvironment(baseEnv, request, given);
  if (given.length > 0) {
    for (const name of Object.keys(env)) {
      if (startupVariables.includes(name) || name.startsWith('BASH_FUNC_')) delete env[name];
    }
  }
  return { ...env, SYNSC_SOCKET: socketPath, SYNSC_SESSION: id };
}
