import type { Decision } from '../../../protocol/session/decision.ts';
import type { Facts, ProgramFacts } from './facts.ts';
import { injection } from './guard.ts';
import { noRules, type Rules } from './rules.ts';
import { baseName, isBuiltin, isShell, stripReason } from './tools.ts';
import { none, type Verdict, wanted, withoutRedirected } from './wanted.ts';
import type { Words } from './words.ts';
import { isWrapper, readsProgram, throughRunner } from './wrappers.ts';

/**
 * Decides what each program of a request gets. `available`: the names that the session holds, in
 * the spelling of the contract. What is not known to be needed is withheld.
 */
export function decide(
  facts: Facts,
  available: readonly string[],
  rules: Rules = noRules,
): Decision[] {
  if (facts.shape === 'opaque') {
    const reason = 'the shell text could not be read, so nothing in it gets a credential';
    return [decision('bash', 'bash', none('opaque', reason), available)];
  }
  return facts.programs.map((program) => {
    const argv0 = program.words.name;
    const name = baseName(argv0);
    return decision(name, argv0, judge(program, facts.env, rules), available);
  });
}

/** What the user's own rules add and take away. What is refused for safety stays so. */
function ruled(name: string, verdict: Verdict, { grant, deny }: Rules): Verdict {
  const denied = deny.get(name) ?? [];
  const granted = grant.get(name) ?? [];
  const safe = verdict.providers.length > 0 || overridable.has(verdict.rule);
  const added = safe ? granted.filter(({ id }) => verdict.providers.every((p) => p.id !== id)) : [];
  if (denied.length === 0 && added.length === 0) return verdict;
  const providers = [...verdict.providers, ...added].filter(
    (provider) => !denied.includes(provider),
  );
  const said = [
    ...added.map(({ title }) => `grants it ${title}`),
    ...denied.map(({ title }) => `denies it ${title}`),
  ];
  const rule = added.length > 0 ? 'user-grant' : 'user-deny';
  return { providers, rule, reason: `${verdict.reason}; your own policy ${said.join(' and ')}` };
}

/** Rules that say only that nothing is known. */
const overridable = new Set(['unknown-program', 'python-module', 'python-unread']);

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

function judge(program: ProgramFacts, requestEnv: Facts['env'], rules: Rules): Verdict {
  const { words } = program;
  const name = baseName(words.name);
  const refused = refusal(name, program) ?? behindRefusal(words);
  if (refused) return refused;
  const env = new Map([...Object.entries(requestEnv), ...Object.entries(words.assignments)]);
  const verdict = ruled(name, wanted(program, env), rules);
  if (verdict.providers.length === 0) return verdict;
  if (Object.hasOwn(words.assignments, 'PATH')) {
    return none(
      'path-override',
      'it is started with a PATH of its own, so it may be another program',
    );
  }
  const injected = injection(env, name);
  if (injected !== undefined) {
    return none('injection', `${injected} is set, which loads other code into ${name}`);
  }
  return withoutRedirected(verdict, env, words.assignments);
}

/** Reasons that need no provider. */
function refusal(name: string, { words, place }: ProgramFacts): Verdict | undefined {
  const stripped = stripReason(name, words.args);
  if (stripped !== undefined) return none('strip', `${name} ${stripped}`);
  if (words.piped && readsProgram(words)) {
    return none('piped-shell', 'it runs what is piped into it: it and what it starts get nothing');
  }
  if (isShell(name)) return none('shell', 'a shell gets no credential; what it starts may');
  if (isWrapper(name))
    return none('wrapper', `${name} gets no credential; the program that it starts may`);
  if (isBuiltin(name)) return none('builtin', 'the shell itself gets no credential');
  if (place === 'function') return none('function', `${name} is a function of the shell text`);
  if (place === 'missing') return none('missing-program', `${name} is no program in PATH`);
  if (place === 'workspace') {
    return none(
      'workspace-program',
      `this ${name} comes from the working directory or an unknown place, not from an installation`,
    );
  }
  return undefined;
}

/** What `uv run` and the like start must not be a stripped program or a shell. */
function behindRefusal(words: Words): Verdict | undefined {
  const inner = throughRunner(words);
  if (inner === words) return undefined;
  if (inner === undefined) {
    return none('wrapper', `what ${baseName(words.name)} starts here can't be told from its words`);
  }
  const name = baseName(inner.name);
  const stripped = stripReason(name, inner.args);
  if (stripped !== undefined) return none('strip', `${name} ${stripped}`);
  if (isShell(name) || isWrapper(name)) {
    return none('wrapper', `${name} gets no credential; the program that it starts may`);
  }
  return inner.name.includes('/')
    ? none('workspace-program', `${inner.name} is named by a path that nothing vouches for`)
    : undefined;
}
