import { baseName, isShell } from './tools.ts';
import type { Words } from './words.ts';

type Args = readonly (string | undefined)[];

/** How the words of a program stand that runs the program named by its later words. */
interface Wrapper {
  /** Options that take the next word. */
  readonly valued?: readonly string[];
  /** Words before the program. */
  readonly operands?: number;
  /** Words before that which must be there (`uv run`). */
  readonly verb?: string;
}

/** They find the program in PATH, where its shim stands. */
const wrappers: Readonly<Record<string, Wrapper>> = {
  nice: { valued: ['-n', '--adjustment'] },
  ionice: { valued: ['-c', '-n', '-p', '--class', '--classdata'] },
  nohup: {},
  setsid: {},
  timeout: { valued: ['-k', '-s', '--kill-after', '--signal'], operands: 1 },
  time: { valued: ['-f', '-o', '--format', '--output'] },
  stdbuf: { valued: ['-i', '-o', '-e', '--input', '--output', '--error'] },
  taskset: { operands: 1 },
  xargs: {
    valued: ['-I', '-n', '-P', '-L', '-d', '-a', '-E', '-s', '--max-args', '--max-procs'],
  },
  command: {},
  exec: { valued: ['-a'] },
  builtin: {},
  watch: { valued: ['-n', '--interval'] },
  unbuffer: {},
  strace: { valued: ['-e', '-o', '-p', '-s'] },
};

/** They start it by a path of their own, past the shims, so they get what it would get. */
const runners: Readonly<Record<string, Wrapper>> = {
  uv: {
    verb: 'run',
    valued:
      '--with --with-editable --with-requirements -p --python --project --extra --group --only-group --index --index-url --default-index --extra-index-url --find-links --color'.split(
        ' ',
      ),
  },
  poetry: { verb: 'run' },
  pdm: { verb: 'run', valued: ['-p', '--project'] },
  pipenv: { verb: 'run' },
  hatch: { verb: 'run' },
  rye: { verb: 'run' },
  conda: { verb: 'run', valued: ['-n', '--name', '-p', '--prefix'] },
  mamba: { verb: 'run', valued: ['-n', '--name', '-p', '--prefix'] },
  micromamba: { verb: 'run', valued: ['-n', '--name', '-p', '--prefix'] },
};

/** Options of a runner that change where or with what the program runs: what then runs is unknown. */
const opaqueOptions = new Set(['--directory', '--env-file', '--cwd', '-m', '--module']);

/** Whether it only starts another program. */
export function isWrapper(name: string): boolean {
  return name === 'env' || Object.hasOwn(wrappers, name) || others.has(name);
}

/** Their inner programs can't be told from their words. */
const others = new Set(
  'find make gmake ninja just parallel script gdb chroot unshare npm pnpm yarn bun'.split(' '),
);

/**
 * What `uv run` and the like start, behind any number of them; the words themselves for all other
 * programs; undefined when it can't be told.
 */
export function throughRunner(words: Words): Words | undefined {
  const name = baseName(words.name);
  const runner = Object.hasOwn(runners, name) ? runners[name] : undefined;
  if (runner === undefined || words.args[0] !== runner.verb) return words;
  const inner = behind(words.args.slice(1), runner) ?? moduleOf(words.args.slice(1));
  if (inner === undefined) return undefined;
  const started = inner.name.endsWith('.py')
    ? { name: 'python', args: [inner.name, ...inner.args], assignments: {} }
    : inner;
  return throughRunner({ ...started, ...(words.stdin && { stdin: words.stdin }) });
}

/** `uv run -m MODULE`. */
function moduleOf([option, ...args]: Args): Words | undefined {
  if (option !== '-m' && option !== '--module') return undefined;
  return { name: 'python', args: ['-m', ...args], assignments: {} };
}

/** The program that a wrapper starts through PATH; undefined for all other programs. */
export function behindWrapper({ name, args }: Words): Words | undefined {
  const known = baseName(name);
  if (known === 'env') return behindEnv(args);
  const wrapper = Object.hasOwn(wrappers, known) ? wrappers[known] : undefined;
  return wrapper && behind(args, wrapper);
}

function behind(args: Args, { valued = [], operands = 0 }: Wrapper): Words | undefined {
  let left = operands;
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at];
    if (word === undefined) return undefined;
    if (word === '--') return programAt(args.slice(at + 1 + left));
    if (opaqueOptions.has(word)) return undefined;
    if (valued.includes(word)) at += 1;
    else if (!word.startsWith('-') && left > 0) left -= 1;
    else if (!word.startsWith('-')) return programAt(args.slice(at));
  }
  return undefined;
}

function programAt([name, ...args]: Args): Words | undefined {
  return name === undefined ? undefined : { name, args, assignments: {} };
}

/** env(1): a cleared environment holds no right to ask, so nothing is behind it. */
function behindEnv(args: Args): Words | undefined {
  const assignments: Record<string, string> = {};
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at];
    if (
      word === undefined ||
      /^(-i|-|--ignore-environment|-[CS].*|--chdir.*|--split.*)$/.test(word)
    )
      return undefined;
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word) ?? [];
    if (name !== undefined && value !== undefined) assignments[name] = value;
    else if (word === '-u' || word === '--unset') at += 1;
    else if (!word.startsWith('-')) {
      const program = programAt(args.slice(at));
      return program && { ...program, assignments };
    }
  }
  return undefined;
}

/** The text of `bash -c TEXT`; undefined for any other program or form. */
export function shellText({ name, args }: Words): string | undefined {
  if (!isShell(baseName(name))) return undefined;
  const at = args.findIndex((word) => word !== undefined && /^-[a-z]*c[a-z]*$/.test(word));
  return at >= 0 && onlyOptions(args.slice(0, at)) ? args[at + 1] : undefined;
}

function onlyOptions(args: Args): boolean {
  return args.every(
    (word, index) => /^[-+]/.test(word ?? '') || /^[-+][oO]$/.test(args[index - 1] ?? ''),
  );
}

/** Whether a shell takes its program from standard input. */
export function readsProgram({ name, args }: Words): boolean {
  if (!isShell(baseName(name))) return false;
  const at = args.indexOf('-s');
  const options = at < 0 ? args : args.slice(0, at);
  return onlyOptions(options) && !options.some((word) => /^-[a-z]*c/.test(word ?? ''));
}
