type Args = readonly (string | undefined)[];

/** What a Python command line runs. */
export type Entry =
  | { readonly kind: 'script'; readonly path: string; readonly args: Args }
  | { readonly kind: 'module'; readonly name: string; readonly args: Args }
  | { readonly kind: 'inline'; readonly text: string }
  /** Reads its program from standard input. */
  | { readonly kind: 'stdin' }
  /** No program that can be read: a prompt, or a command line that is not understood. */
  | { readonly kind: 'none' };

const NONE: Entry = { kind: 'none' };

/** Flags that change nothing about which program is run. */
const FLAGS = /^-[bBdEIOPqsSuvx]+$/;
const WITH_VALUE = new Set(['-W', '-X', '--check-hash-based-pycs']);
const PYTHON = /^(python|pypy)(\d+(\.\d+)*)?t?$/;

/** Programs that hand over to what follows these words. */
const runners: Readonly<Record<string, readonly string[]>> = {
  uv: ['run'],
  poetry: ['run'],
  pdm: ['run'],
  pipenv: ['run'],
};

/** Programs that start a script of their arguments, and the words before it. */
const launchers: Readonly<Record<string, readonly string[]>> = {
  torchrun: [],
  deepspeed: [],
  accelerate: ['launch'],
};
const launcherModules = new Set([
  'torch.distributed.run',
  'torch.distributed.launch',
  'accelerate.commands.launch',
]);

/** What a program runs as Python; undefined when it is no Python interpreter and starts none. */
export function entryOf(name: string, args: Args): Entry | undefined {
  if (PYTHON.test(name)) return interpreter(args);
  const launcher = Object.hasOwn(launchers, name) ? launchers[name] : undefined;
  if (launcher) return after(launcher, args, launched);
  const runner = Object.hasOwn(runners, name) ? runners[name] : undefined;
  return runner && after(runner, args, ran);
}

function after(words: readonly string[], args: Args, next: (args: Args) => Entry): Entry {
  return words.every((word, index) => args[index] === word) ? next(args.slice(words.length)) : NONE;
}

function ran(args: Args): Entry {
  const [first, ...rest] = args[0] === '--' ? args.slice(1) : args;
  if (first === undefined || first.startsWith('-')) return NONE;
  if (first.endsWith('.py')) return { kind: 'script', path: first, args: rest };
  return first.includes('/') || Object.hasOwn(runners, first)
    ? NONE
    : (entryOf(first, rest) ?? NONE);
}

/** The first `.py` word, if only options and their values stand before it. */
function launched(args: Args): Entry {
  for (const [index, word] of args.entries()) {
    if (word === undefined || word === '-m' || word === '--module' || word === '--no-python') break;
    if (word.startsWith('-')) continue;
    if (word.endsWith('.py')) return { kind: 'script', path: word, args: args.slice(index + 1) };
    if (!args[index - 1]?.startsWith('-')) break;
  }
  return NONE;
}

function interpreter(args: Args): Entry {
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at];
    const rest = args.slice(at + 1);
    if (word === undefined) return NONE;
    if (word === '-') return { kind: 'stdin' };
    if (word === '--') return scriptAt(rest);
    if (!word.startsWith('-')) return scriptAt(args.slice(at));
    const last = /^-[bBdEIOPqsSuvx]*([cm])$/.exec(word)?.[1];
    if (last) return last === 'c' ? inline(rest) : moduleOf(rest);
    if (WITH_VALUE.has(word)) at += 1;
    else if (!FLAGS.test(word) && !/^-[WX]./.test(word)) return NONE;
  }
  return { kind: 'stdin' };
}

function scriptAt([path, ...args]: Args): Entry {
  return path === undefined ? NONE : { kind: 'script', path, args };
}

function inline([text]: Args): Entry {
  return text === undefined ? NONE : { kind: 'inline', text };
}

function moduleOf([name, ...args]: Args): Entry {
  if (name === undefined) return NONE;
  return launcherModules.has(name) ? launched(args) : { kind: 'module', name, args };
}
