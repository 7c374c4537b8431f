import { argumentsOf, descriptorOf, executableOf } from '../../platform/inspect.ts';
import { parentOf } from '../../platform/peer.ts';
import { baseName, isShell, stripReason } from '../policy/tools.ts';
import { readsProgram } from '../policy/wrappers.ts';
import { ancestorsOf, type Command } from './commands.ts';

/** Programs that run a script of their first argument: that one tells what they are. */
const interpreters = /^(node|perl|ruby|sh|bash|dash|(python|pypy)[\d.]*)$/;

/**
 * Why a process may not ask for credentials: one above it is a program that never gets any, such as git
 * with its hooks, or a shell that runs what another program pipes into it. The kernel tells who that is.
 */
export function deniedBy(
  pid: number,
  environment: Readonly<Record<string, string>>,
  { process, isFront }: Pick<Command, 'process' | 'isFront'>,
): string | undefined {
  const root = process.pid;
  const marked = marks.find(({ variable, pattern }) => pattern.test(environment[variable] ?? ''));
  if (marked !== undefined) return `it was started by ${marked.program}`;
  for (const ancestor of ancestorsOf(parentOf(pid) ?? 0)) {
    // the user chose the session's own command, be it started by npx
    if (ancestor === root && isFront) return undefined;
    const why = strippedAncestor(ancestor) ?? pipedShell(ancestor, root);
    if (why !== undefined || ancestor === root) return why;
  }
  return undefined;
}

/** What such programs leave in the environment of what they start, also when they have ended. */
const marks = [
  { program: 'git', variable: 'PATH', pattern: /^[^:]*\/git-core(:|$)/ },
  { program: 'git', variable: 'GIT_EXEC_PATH', pattern: /./ },
  { program: 'npm', variable: 'npm_command', pattern: /^(install|ci|add|update|rebuild)/ },
  {
    program: 'an install script of a package',
    variable: 'npm_lifecycle_event',
    pattern: /^((pre|post)?(un)?install|prepare|prepublish\w*|dependencies)$/,
  },
];

function strippedAncestor(pid: number): string | undefined {
  const [first = '', ...args] = argumentsOf(pid) ?? [];
  const names = [baseName(executableOf(pid) ?? ''), baseName(first)];
  const script = args.findIndex((word) => !word.startsWith('-'));
  const told =
    names.some((name) => interpreters.test(name)) &&
    script >= 0 &&
    !args.slice(0, script).includes('-c');
  const candidates: [string, string[]][] = names.map((name) => [name, args]);
  if (told) candidates.push([baseName(args[script] ?? ''), args.slice(script + 1)]);
  const module = args.indexOf('-m');
  if (told && module >= 0) candidates.push([args[module + 1] ?? '', args.slice(module + 2)]);
  const found = candidates.find(([name, words]) => stripReason(name, words) !== undefined);
  return found && `it was started by ${found[0]}`;
}

/** The command's own text was read: a shell right below it that takes a pipe was seen there. */
function pipedShell(pid: number, root: number): string | undefined {
  if (pid === root || parentOf(pid) === root) return undefined;
  const [name = '', ...args] = argumentsOf(pid) ?? [];
  if (
    !isShell(baseName(name).replace(/^-/, '')) ||
    !readsProgram({ name, args, assignments: {} })
  ) {
    return undefined;
  }
  const input = descriptorOf(pid, 0) ?? '';
  if (!input.startsWith('pipe:')) return undefined;
  // an agent that keeps a shell writes into its pipe; curl or a finished program does not stand above it
  const fed = [...ancestorsOf(parentOf(pid) ?? 0)].some((one) => writesTo(one, input));
  return fed ? undefined : 'it was started by a shell that runs what is piped into it';
}

function writesTo(pid: number, pipe: string): boolean {
  for (let fd = 0; fd < 256; fd += 1) if (descriptorOf(pid, fd) === pipe) return true;
  return false;
}
