import type { Decision } from '../../../protocol/session/decision.ts';
import { catalog } from '../../provider/catalog.ts';
import { decide } from '../policy/decide.ts';
import { childEnvironment } from '../policy/environment.ts';
import type { Rules } from '../policy/rules.ts';
import { ownKeys } from '../vault/own-keys.ts';
import { Vault } from '../vault/vault.ts';
import { gatherFacts } from './facts.ts';
import { Redactors } from './redactors.ts';
import { redacted } from './spawn.ts';

export interface ForeseenProgram {
  readonly command?: string;
  readonly argv?: readonly string[];
  /** Absolute. */
  readonly cwd: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What a session that held every credential there is would decide; needs no session. */
export async function foresee(
  program: ForeseenProgram,
  launchEnv: Environment,
  rules: Rules,
): Promise<Decision[]> {
  const everything = catalog.flatMap(({ variables }) => variables.map(({ name }) => name));
  const env = childEnvironment(launchEnv, {});
  const facts = await gatherFacts({
    ...program,
    env,
    workspace: program.cwd,
    trustedPath: env.PATH ?? '',
  });
  // the user's own keys may stand in the words of the command
  const redactors = new Redactors(new Vault(ownKeys(copiesOf(launchEnv))));
  return decide(facts, everything, rules).map((one) =>
    redacted(one, (text) => redactors.text(text)),
  );
}

function copiesOf(env: Environment): (variable: string) => Buffer | undefined {
  return (variable) => {
    const text = env[variable];
    return text === undefined ? undefined : Buffer.from(text);
  };
}
