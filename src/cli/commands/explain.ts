import type { Decision } from '../../../protocol/session/decision.ts';
import { readSettings } from '../../account/settings.ts';
import { parseRules } from '../../supervisor/policy/rules.ts';
import { printJson } from '../print.ts';
import { asSynscError, programOf, reach } from './exec.ts';

export interface ExplainOptions {
  readonly command?: string;
  readonly cwd?: string;
  readonly json?: boolean;
}

/** `synsc explain`: what a command would be given and why; runs nothing. */
export async function explain(argv: readonly string[], options: ExplainOptions): Promise<number> {
  const program = programOf(argv, options);
  const path = process.env.SYNSC_SOCKET;
  const decisions = path ? await ask(path, program) : await decideHere(program);
  if (options.json) printJson({ decisions });
  else for (const line of decisions.flatMap(inWords)) process.stdout.write(`${line}\n`);
  return 0;
}

type Program = ReturnType<typeof programOf>;

async function ask(path: string, program: Program): Promise<Decision[]> {
  const client = await reach(path);
  try {
    return (await client.call('explain', program)).decisions;
  } catch (error) {
    throw asSynscError(error);
  } finally {
    client.close();
  }
}

/** Outside a session: as if the session held every credential that there is. */
async function decideHere(program: Program): Promise<Decision[]> {
  const { foresee } = await import('../../supervisor/session/foresee.ts');
  return foresee(program, process.env, parseRules(readSettings(process.env).policy));
}

function inWords({ program, given, withheld, rule, reason }: Decision): string[] {
  return [
    `${program}: ${given.length > 0 ? `is given ${given.join(', ')}` : 'is given no credential'}`,
    `  because:  ${reason} (rule ${rule})`,
    ...(withheld.length > 0 ? [`  withheld: ${withheld.join(', ')}`] : []),
  ];
}
