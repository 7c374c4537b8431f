import type { Decision } from '../../../protocol/session/decision.ts';
import { catalog } from '../../provider/catalog.ts';
import type { Provider } from '../../provider/provider.ts';
import type { Facts, ProgramFacts } from './facts.ts';
import { foreignOption, injection, isWithheldSubcommand, redirection } from './guard.ts';
import type { PythonUse } from './python.ts';
import { baseName, isShell, isTooling, isWrapper, stripReason } from './tools.ts';

/** What a program gets and why, before the names are known that the session holds. */
interface Verdict {
  readonly providers: readonly Provider[];
  readonly rule: string;
  readonly reason: string;
  /** Providers that it would have got; named in the decision when nothing is given. */
  readonly meant?: Provider;
}

/**
 * Decides what each program of a request gets. `available`: the names that the session holds, in
 * the spelling of the contract. What is not known to be needed is withheld.
 */
export function decide(facts: Facts, available: readonly string[]): Decision[] {
  if (facts.shape === 'opaque') {
    const reason = 'the shell text could not be read, so nothing in it gets a credential';
    return [decision('bash', 'bash', none('opaque', reason), available)];
  }
  return facts.programs.map((program) => {
    const argv0 = program.words.name;
    const name = baseName(argv0);
    const verdict = facts.shape === 'lone' ? judge(name, program, facts.env) : partOfCompound(name);
    return decision(name, argv0, verdict, available);
  });
}

function decision(
  program: string,
  argv0: string,
  verdict: Verdict,
  available: readonly string[],
): Decision {
  const names = new Set<string>(
    verdict.providers.flatMap((provider) => provider.variables.map((variable) => variable.name)),
  );
  const given = available.filter((name) => names.has(name));
  const withheld = available.filter((name) => !names.has(name));
  const [only, second] = verdict.providers;
  const provider = (second ? undefined : only) ?? verdict.meant;
  const { rule } = verdict;
  const way =
    given.length > 0 || withheld.length === 0
      ? ''
      : '; to allow one call: synsc exec --authorize NAME -- …';
  const reason = `${verdict.reason}${way}`;
  return {
    program,
    argv0,
    given,
    withheld,
    ...(provider && { provider: provider.id }),
    rule,
    reason,
  };
}

function none(rule: string, reason: string, meant?: Provider): Verdict {
  return { providers: [], rule, reason, ...(meant && { meant }) };
}

function partOfCompound(name: string): Verdict {
  const stripped = stripReason(name);
  if (stripped !== undefined) return none('strip', `${name} ${stripped}`);
  return none(
    'compound',
    'part of a compound command: run it by itself, or authorise it for one call',
  );
}

function judge(name: string, program: ProgramFacts, requestEnv: Facts['env']): Verdict {
  const refused = refusal(name, program);
  if (refused) return refused;
  const env = new Map<string, string | undefined>([
    ...Object.entries(requestEnv),
    ...Object.entries(program.words.assignments),
  ]);
  const verdict = wanted(name, program);
  if (verdict.providers.length === 0) return verdict;
  if (Object.hasOwn(program.words.assignments, 'PATH')) {
    return none(
      'path-override',
      'it is started with a PATH of its own, so it may be another program',
    );
  }
  const injected = injection(env, name);
  if (injected !== undefined) {
    return none('injection', `${injected} is set, which loads other code into ${name}`);
  }
  return withoutRedirected(verdict, env, program.words.assignments);
}

/** Reasons that need no provider. */
function refusal(name: string, program: ProgramFacts): Verdict | undefined {
  const stripped = stripReason(name);
  if (stripped !== undefined) return none('strip', `${name} ${stripped}`);
  if (isShell(name)) return none('shell', 'a shell gets no credential');
  if (isWrapper(name))
    return none('wrapper', `${name} runs another program: run that one directly`);
  if (program.place === 'missing') return none('missing-program', `${name} is no program in PATH`);
  if (program.place === 'workspace') {
    return none(
      'workspace-program',
      `this ${name} comes from the working directory or an unknown place, not from an installation`,
    );
  }
  return undefined;
}

function wanted(name: string, program: ProgramFacts): Verdict {
  const { args } = program.words;
  const owner = catalog.find((provider) => provider.programs.includes(name));
  if (owner) return commandLine(name, args, owner);
  const { entry, use } = program;
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
  if (entry.kind === 'script' && !isTooling(entry.path)) return script(use, entry.args);
  return entry.kind === 'module' ? script(use, entry.args) : imported(use);
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

function script(use: PythonUse, args: readonly (string | undefined)[]): Verdict {
  const reporters = [...use.reporters, ...reportersOf(args)];
  const providers = catalog.filter(
    (provider) => provider.scripts === 'always' || uses(provider, { ...use, reporters }),
  );
  const titles = providers.map((provider) => provider.title).join(', ');
  return {
    providers,
    rule: 'python-script',
    reason: `a Python script gets Hugging Face and what it uses (here: ${titles})`,
  };
}

function imported(use: PythonUse): Verdict {
  const providers = catalog.filter((provider) => uses(provider, use));
  const titles = providers.map((provider) => provider.title).join(', ') || 'none';
  return {
    providers,
    rule: 'python-imports',
    reason: `this Python text gets only what it imports (here: ${titles})`,
  };
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
function withoutRedirected(
  verdict: Verdict,
  env: ReadonlyMap<string, string | undefined>,
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
