import { isBuiltin } from './tools.ts';
import { inspect, type ShellText, type Words } from './words.ts';
import { behindWrapper, shellText } from './wrappers.ts';

/** The programs that a text runs, as far as its words tell. */
export interface Programs {
  /** In their order; also those behind wrappers and in `bash -c`. */
  readonly words: readonly Words[];
  /** Whether it is one program, and nothing else runs. */
  readonly lone: boolean;
  readonly functions: ReadonlySet<string>;
}

/** Programs of one text that are told: a longer list helps nobody. */
const maxPrograms = 200;
const maxDepth = 8;

/** What a text or list of words runs; undefined when it can't be read. */
export function programsIn(text: ShellText): Programs | undefined {
  if (text.shape === 'opaque') return undefined;
  if (text.shape === 'lone') {
    const words = withInner(text.command);
    return { words, lone: words.length === 1, functions: new Set() };
  }
  // a PATH that the text sets has the shims put first again
  const { PATH: _path, ...sets } = text.sets;
  const words = text.commands
    .flatMap((one) => withInner(one))
    .slice(0, maxPrograms)
    .map((one) => ({ ...one, assignments: { ...sets, ...one.assignments } }));
  return { words, lone: false, functions: new Set(text.functions) };
}

/** A program, and those behind it as far as its words tell. */
function withInner(words: Words, depth = 0): Words[] {
  if (depth >= maxDepth) return [words];
  const inner = behindWrapper(words);
  if (inner !== undefined) return [words, ...withInner(inner, depth + 1)];
  const text = shellText(words);
  const nested = text === undefined ? undefined : inspect(text);
  if (nested === undefined || nested.shape === 'opaque') return [words];
  const commands = nested.shape === 'lone' ? [nested.command] : nested.commands;
  return [words, ...commands.flatMap((one) => withInner(one, depth + 1))];
}

/** What is done by the shell itself is no program, unless there is nothing else to tell. */
export function toldOf<P extends { readonly words: Words }>(programs: readonly P[]): readonly P[] {
  const started = programs.filter(({ words }) => !isBuiltin(words.name));
  return started.length > 0 ? started : programs.slice(0, 1);
}
