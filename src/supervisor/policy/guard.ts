import type { Provider } from '../../provider/provider.ts';

/** A value of the environment; undefined: set, but to what is known only when it runs. */
type Environment = ReadonlyMap<string, string | undefined>;

const SYSTEM_LIBRARY = /^\/(usr\/(local\/)?)?lib(exec|32|64)?\/(?!.*\/\.\.?(\/|$))/;

/**
 * Options of NODE_OPTIONS that load no code and open nothing (node --help): those of memory, warnings and
 * networks. Any other may.
 */
const HARMLESS_NODE_OPTION =
  /^--(max-(old-space|semi-space|http-header)-size|stack-trace-limit|(no|trace|throw|pending)-deprecation|(no|trace)-warnings|disable-warning|trace-uncaught|unhandled-rejections|enable-source-maps|dns-result-order|(no-)?network-family-autoselection|use-(system|bundled)-ca|openssl-legacy-provider|experimental-(vm-modules|strip-types))(=[\w:.-]*)?$/;

/** The variable that would load foreign code into the program; undefined when there is none. */
export function injection(env: Environment, program: string): string | undefined {
  for (const name of ['LD_PRELOAD', 'LD_AUDIT', 'DYLD_INSERT_LIBRARIES']) {
    if (env.has(name) && !onlySystemLibraries(env.get(name))) return name;
  }
  if (env.has('NODE_OPTIONS') && !harmlessToNode(env.get('NODE_OPTIONS'))) return 'NODE_OPTIONS';
  // the last two also reach the shim that asks, which is a Perl program
  const loaders = ['PYTHONSTARTUP', `BASH_FUNC_${program}%%`, 'PERL5OPT', 'PERL5DB'];
  return loaders.find((name) => env.has(name) && env.get(name) !== '');
}

function onlySystemLibraries(value: string | undefined): boolean {
  if (value === undefined) return false;
  const libraries = value.split(/[\s:]+/).filter((path) => path !== '');
  return libraries.every((path) => !path.includes('/') || SYSTEM_LIBRARY.test(path));
}

function harmlessToNode(value: string | undefined): boolean {
  const words = value?.split(/\s+/).filter((word) => word !== '');
  // Node takes either sign; a number is the value of the option before it
  return (
    words?.every(
      (word) => /^\d+$/.test(word) || HARMLESS_NODE_OPTION.test(word.replaceAll('_', '-')),
    ) ?? false
  );
}

/** The variable that sends this provider's credential to another host. */
export function redirection(env: Environment, provider: Provider): string | undefined {
  for (const [name, value] of env) {
    const endpoint = provider.endpointVariables.some(
      (variable) => name === variable || name.startsWith(`${variable}_`),
    );
    if (endpoint && value !== '' && !ownHost(value, provider)) return name;
  }
  return undefined;
}

/** The option that sends this provider's credential elsewhere, or chooses another one. */
export function foreignOption(
  args: readonly (string | undefined)[],
  provider: Provider,
): string | undefined {
  for (const [index, word] of args.entries()) {
    const [option = '', value] = splitOption(word);
    if (matches(option, provider.foreignOptions)) return option;
    if (!matches(option, provider.endpointOptions)) continue;
    if (!ownHost(value ?? args[index + 1], provider)) return option;
  }
  return undefined;
}

function splitOption(word: string | undefined): readonly string[] {
  if (!word?.startsWith('--')) return [];
  const at = word.indexOf('=');
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

/** Tools that read options like argparse take any beginning of a name. */
function matches(option: string, names: readonly string[]): boolean {
  return option.length > 4 && names.some((name) => name.startsWith(option));
}

function ownHost(value: string | undefined, provider: Provider): boolean {
  const host = /^https:\/\/([a-z0-9.-]+)(:443)?(\/|$)/i.exec(value ?? '')?.[1]?.toLowerCase();
  return (
    host !== undefined &&
    provider.hosts.some((domain) => host === domain || host.endsWith(`.${domain}`))
  );
}

/** Whether the arguments log in, export or print a credential. */
export function isWithheldSubcommand(
  args: readonly (string | undefined)[],
  provider: Provider,
): boolean {
  const kept = provider.grantedSubcommands.some((words) => startsWith(args, words, false));
  return !kept && provider.withheldSubcommands.some((words) => startsWith(args, words, true));
}

/**
 * Whether the words stand first, options aside. In doubt (an option may or may not take the next
 * word, a word is known only when it runs) the answer is `doubt`.
 */
function startsWith(
  args: readonly (string | undefined)[],
  words: readonly string[],
  doubt: boolean,
): boolean {
  let reached = new Set([0]);
  let afterOption = false;
  for (const arg of args) {
    if (arg?.startsWith('-')) {
      afterOption = !arg.includes('=');
      continue;
    }
    const hits = [...reached].filter((count) => (arg === undefined ? doubt : arg === words[count]));
    const kept = afterOption && doubt ? reached : [];
    reached = new Set([...kept, ...hits.map((count) => count + 1)]);
    if (reached.has(words.length)) return true;
    afterOption = false;
  }
  return false;
}
