import { catalog } from '../../provider/catalog.ts';
import { isPython, launcherNames } from './entry.ts';
import { baseName, packageManagers } from './tools.ts';
import type { ShellText, Words } from './words.ts';
import { readsProgram } from './wrappers.ts';

/** Words that are put before a program's name. */
export interface Prefixes {
  /** Before a tool that is named by a path, which finds no shim in PATH. */
  readonly byPath: string;
  /** Before a shell whose program another program pipes in: what it starts may not ask. */
  readonly untrusted: string;
}

/** Python versions that are looked for by their full name. */
const minors = Array.from({ length: 12 }, (_, index) => `python3.${index + 6}`);

/** Every program that may get a credential, or starts one past its shim: each has a shim that asks. */
export const askingTools: readonly string[] = [
  ...catalog.flatMap(({ programs }) => programs),
  ...['python', 'python3', 'pypy', 'pypy3', ...minors],
  ...launcherNames,
  ...packageManagers,
];

/** A shell text in which the tools ask that no shim would catch. Nothing else in it changes. */
export function rewrite(text: string, read: ShellText, prefixes: Prefixes): string {
  if (read.shape === 'opaque') return text;
  const commands = read.shape === 'lone' ? [read.command] : read.commands;
  const marks = commands.flatMap((words) => markOf(text, words, prefixes));
  const fromEnd = marks.toSorted((a, b) => b.at - a.at);
  return fromEnd.reduce(
    (all, { at, prefix }) => `${all.slice(0, at)}${prefix} ${all.slice(at)}`,
    text,
  );
}

function markOf(text: string, words: Words, { byPath, untrusted }: Prefixes) {
  const { name, at, piped } = words;
  // the place must be what the parser said it is
  if (at === undefined || !text.startsWith(name, at)) return [];
  if (piped && readsProgram(words)) return [{ at, prefix: untrusted }];
  return name.includes('/') && asks(baseName(name)) ? [{ at, prefix: byPath }] : [];
}

function asks(name: string): boolean {
  return isPython(name) || name.endsWith('.py') || askingTools.includes(name);
}
