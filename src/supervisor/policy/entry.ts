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

/** Programs that start a script of their arguments, and the words before it. */
const launchers: Readonly<Record<string, readonly string[]>> = {
  torchrun: [],
  deepspeed: [],
  accelerate: ['launch'],
  coverage: ['run'],
  ipython: [],
  ipython3: [],
};

/** Programs that run a notebook of their arguments. */
const notebookRunners: Readonly<Record<string, RegExp>> = {
  papermill: /./,
  jupyter: /^(execute|nbconvert .*--execute\b|run)/,
  'jupyter-execute': /./,
  'jupyter-nbconvert': /--execute\b/,
};

/** `python -m MODULE` as the program that it is. */
const moduleLaunchers: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'torch.distributed.run': ['torchrun'],
  'torch.distributed.launch': ['torchrun'],
  'accelerate.commands.launch': ['accelerate', 'launch'],
  'accelerate.commands.accelerate_cli': ['accelerate'],
  deepspeed: ['deepspeed'],
  'deepspeed.launcher.runner': ['deepspeed'],
  coverage: ['coverage'],
  IPython: ['ipython'],
  pdb: ['torchrun'],
  cProfile: ['torchrun'],
  papermill: ['papermill'],
  jupyter: ['jupyter'],
  nbconvert: ['jupyter-nbconvert'],
};

/** Names of the programs by which Python texts are started. */
export const launcherNames: readonly string[] = [
  ...Object.keys(launchers),
  ...Object.keys(notebookRunners),
];

/** Whether it is a Python interpreter, by its name. */
export function isPython(name: string): boolean {
  return PYTHON.test(name);
}

/** What a program runs as Python; undefined when it is no Python interpreter and starts none. */
export function entryOf(name: string, args: Args): Entry | undefined {
  if (isPython(name)) return interpreter(args);
  const before = Object.hasOwn(launchers, name) ? launchers[name] : undefined;
  if (before !== undefined) {
    return before.every((word, index) => args[index] === word)
      ? launched(args.slice(before.length))
      : NONE;
  }
  const form = Object.hasOwn(notebookRunners, name) ? notebookRunners[name] : undefined;
  return form && notebook(args, form);
}

function notebook(args: Args, form: RegExp): Entry {
  const at = args.findIndex((word) => word?.endsWith('.ipynb'));
  const path = args[at];
  if (path === undefined || !form.test(args.join(' '))) return NONE;
  return { kind: 'script', path, args: args.slice(at + 1) };
}

/** The first `.py` word, if only options and their values stand before it. */
function launched(args: Args): Entry {
  for (const [index, word] of args.entries()) {
    if (word === '-m' || word === '--module') return moduleOf(args.slice(index + 1));
    if (word === undefined || word === '--no-python' || word === '--no_python') break;
    if (word.startsWith('-')) continue;
    if (/\.(py|ipynb)$/.test(word)) {
      return { kind: 'script', path: word, args: args.slice(index + 1) };
    }
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
  const known = Object.hasOwn(moduleLaunchers, name) ? moduleLaunchers[name] : undefined;
  if (known === undefined) return { kind: 'module', name, args };
  const [program, ...words] = known;
  return entryOf(program, [...words, ...args]) ?? NONE;
}
