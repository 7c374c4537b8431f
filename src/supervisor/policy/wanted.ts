import { catalog } from '../../provider/catalog.ts';
import type { Provider } from '../../provider/provider.ts';
import type { ProgramFacts } from './facts.ts';
import { foreignOption, isWithheldSubcommand, redirection } from './guard.ts';
import type { PythonUse } from './python.ts';
import { baseName, isTooling } from './tools.ts';
import { throughRunner } from './wrappers.ts';

type Environment = ReadonlyMap<string, string | undefined>;

/** What a program gets and why, before the names are known that the session holds. */
export interface Verdict {
  readonly providers: readonly Provider[];
  readonly rule: string;
  readonly reason: string;
  /** Providers that it would have got; named in the decision when nothing is given. */
  readonly meant?: Provider;
}

/** A verdict that gives nothing. `meant`: the provider that it would have been about. */
export function none(rule: string, reason: string, meant?: Provider): Verdict {
  return { providers: [], rule, reason, ...(meant && { meant }) };
}

/** What a program is given for what it is and does, before its environment is looked at. */
export function wanted(
  { words, entry, use, logsByItself }: ProgramFacts,
  env: Environment,
): Verdict {
  const inner = throughRunner(words) ?? words;
  const { args } = inner;
  const name = baseName(inner.name);
  const owner = catalog.find((provider) => provider.programs.includes(name));
  if (owner) return commandLine(name, args, owner);
  if (!entry) return none('unknown-program', `${name} is not known to need a credential`);
  if (entry.kind === 'module' && !use) {
    const module = catalog.find((provider) => provider.moduleCommands.includes(entry.name));
    if (module) return commandLine(entry.name, entry.args, module);
    return none(
      'python-module',
      'an installed Python module that is not known to need a credential',
    );
  }
  if (!use)
    return none('python-unread', 'there is no Python file here whose imports could be read');
  const isFile = entry.kind === 'module' || (entry.kind === 'script' && !isTooling(entry.path));
  if (!isFile) return imported(use);
  const reporters = [...use.reporters, ...reportersOf(entry.args)];
  const silent = reporters.includes('none') || !isUnset(env, 'WANDB_DISABLED');
  const byItself = logsByItself && !silent && usesTrainer(use) ? ['wandb'] : [];
  return script({ ...use, reporters: [...reporters, ...byItself] });
}

/** Set to something known only when it runs counts as set. */
function isUnset(env: Environment, name: string): boolean {
  return (
    !env.has(name) || ['', '0', 'false', 'no', 'off'].includes(env.get(name)?.toLowerCase() ?? '1')
  );
}

/** The Trainer of transformers and trl reports to what is installed, if nobody says otherwise. */
function usesTrainer({ imports, names }: PythonUse): boolean {
  return (
    imports.some((name) => below(name, ['transformers', 'trl'])) &&
    names.some((name) => /(Trainer|TrainingArguments)$/.test(name))
  );
}

function commandLine(
  name: string,
  args: readonly (string | undefined)[],
  provider: Provider,
): Verdict {
  const option = foreignOption(args, provider);
  if (option !== undefined) {
    return none('foreign-option', `${option} chooses another credential or host`, provider);
  }
  if (isWithheldSubcommand(args, provider)) {
    const reason =
      'already connected by synsc: signing in, exporting or printing tokens gets nothing';
    return none('sign-in-command', reason, provider);
  }
  const reason = `${name} is a tool of ${provider.title} and gets that credential only`;
  return { providers: [provider], rule: `${provider.id}-cli`, reason };
}

function script(use: PythonUse): Verdict {
  const providers = catalog.filter(
    (provider) => provider.scripts === 'always' || uses(provider, use),
  );
  const titles = providers.map((provider) => provider.title).join(', ');
  return {
    providers,
    rule: 'python-script',
    reason: `a Python script gets Hugging Face and what it uses (here: ${titles})${partly(use)}`,
  };
}

function imported(use: PythonUse): Verdict {
  const providers = catalog.filter((provider) => uses(provider, use));
  const titles = providers.map((provider) => provider.title).join(', ') || 'none';
  return {
    providers,
    rule: 'python-imports',
    reason: `this Python text gets only what it imports (here: ${titles})${partly(use)}`,
  };
}

/** The scan of imports has limits, and says when it has reached one. */
function partly({ truncated }: PythonUse): string {
  return truncated ? '; import-scan-truncated: not all of its files were read' : '';
}

function uses(provider: Provider, use: PythonUse): boolean {
  return (
    use.imports.some(
      (name) => below(name, provider.modules) && !below(name, provider.excludedModules),
    ) ||
    use.names.some((name) => provider.evidence.names.includes(name)) ||
    use.reporters.some((name) => provider.evidence.reporters.includes(name))
  );
}

function below(name: string, modules: readonly string[]): boolean {
  return modules.some((module) => name === module || name.startsWith(`${module}.`));
}

/** `--report_to wandb` and the like. */
function reportersOf(args: readonly (string | undefined)[]): readonly string[] {
  return args.flatMap((word, index) => {
    const [, value] = /^--(?:report[_-]to|log[_-]with|logger)(?:=(.*))?$/.exec(word ?? '') ?? [
      word,
    ];
    if (!/^--(report|log)/.test(word ?? '')) return [];
    return [value ?? args[index + 1] ?? ''];
  });
}

/** Takes out the providers whose credential the environment would send elsewhere. */
export function withoutRedirected(
  verdict: Verdict,
  env: Environment,
  assignments: Readonly<Record<string, string | undefined>>,
): Verdict {
  const redirected = verdict.providers.flatMap((provider) => {
    const own = provider.companions.find((name) => Object.hasOwn(assignments, name));
    const variable = own ?? redirection(env, provider);
    return variable === undefined ? [] : [{ provider, variable }];
  });
  const [first] = redirected;
  if (!first) return verdict;
  const providers = verdict.providers.filter((one) => redirected.every((r) => r.provider !== one));
  const reason = `${first.variable} chooses another host or credential for ${first.provider.title}`;
  if (providers.length === 0) return none('redirected', reason, first.provider);
  return { ...verdict, providers, reason: `${verdict.reason}; ${reason}` };
}
