import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { type Entry, entryOf } from '../policy/entry.ts';
import type { Facts, ProgramFacts } from '../policy/facts.ts';
import { programsIn, toldOf } from '../policy/programs.ts';
import type { PythonUse } from '../policy/python.ts';
import { baseName } from '../policy/tools.ts';
import { inspect, type ShellText, type Words } from '../policy/words.ts';
import { throughRunner } from '../policy/wrappers.ts';
import { ImportReader, pythonOf } from './imports.ts';
import { logsByItself } from './installed.ts';
import { placeOf } from './place.ts';

/** Where programs are looked for and what counts as the user's own work. */
export interface Surroundings {
  /** Absolute. */
  readonly cwd: string;
  /** Complete environment, before any credential, with a PATH without shims. */
  readonly env: Readonly<Record<string, string>>;
  /** The directory that the session was launched in. */
  readonly workspace: string;
  /** Search path that the command began with: what a text adds to it, nothing vouches for. */
  readonly trustedPath: string;
}

/** What someone asks to run. One of `command` (for `bash -c`) and `argv` is set. */
export interface FactsRequest extends Surroundings {
  readonly command?: string | undefined;
  readonly argv?: readonly string[] | undefined;
}

/** Programs of a long text that are looked up before others have their turn. */
const perTurn = 16;

/** Finds out what the decision rests on. Never throws: what can't be told is left out. */
export async function gatherFacts(request: FactsRequest): Promise<Facts> {
  const { env } = request;
  const found = programsIn(shapeOf(request));
  if (found === undefined) return { shape: 'opaque', programs: [], env };
  const programs: ProgramFacts[] = [];
  let { cwd } = request;
  for (const words of found.words) {
    if ((programs.length + 1) % perTurn === 0) await turn();
    if (words.name === 'cd') cwd = path.resolve(cwd, words.args[0] ?? '.');
    programs.push(
      found.functions.has(words.name)
        ? { words, place: 'function' }
        : await programFacts(words, { ...request, cwd }),
    );
  }
  const shape = found.lone ? 'lone' : 'compound';
  return { shape, programs: toldOf(programs), env };
}

/** What a text or list of words runs, before anything is looked up. */
export function shapeOf({ command, argv }: Pick<FactsRequest, 'command' | 'argv'>): ShellText {
  if (!argv) return inspect(command ?? '');
  const [name, ...args] = argv;
  return name === undefined
    ? { shape: 'opaque' }
    : { shape: 'lone', command: { name, args, assignments: {} } };
}

/** What is known about one program that is started with these words. */
export async function programFacts(given: Words, around: Surroundings): Promise<ProgramFacts> {
  const facts = await wordsFacts((await asInterpreted(given, around)) ?? given, around);
  return { ...facts, words: { ...facts.words, name: given.name } };
}

/** `./train.py` is what its first line says: a script of that Python. */
async function asInterpreted(words: Words, { cwd }: Surroundings): Promise<Words | undefined> {
  if (!/\/.*\.py$/.test(words.name)) return undefined;
  const file = path.resolve(cwd, words.name);
  const name = await pythonOf(file);
  return name === undefined ? undefined : { ...words, name, args: [file, ...words.args] };
}

async function wordsFacts(words: Words, around: Surroundings): Promise<ProgramFacts> {
  const place = placeOf(words.name, around);
  const inner = throughRunner(words) ?? words;
  const entry = entryOf(baseName(inner.name), inner.args);
  if (!entry || place.kind !== 'installed') {
    return { words, place: place.kind, ...(entry && { entry }) };
  }
  const use = await useOf(entry, inner, around.cwd);
  if (use === undefined) return { words, place: place.kind, entry };
  return {
    words,
    place: place.kind,
    entry,
    use,
    logsByItself: await logsByItself(use, place.file),
  };
}

async function useOf(entry: Entry, words: Words, cwd: string): Promise<PythonUse | undefined> {
  const reader = new ImportReader(cwd);
  switch (entry.kind) {
    case 'script':
      return reader.script(path.resolve(cwd, entry.path));
    case 'module':
      return reader.module(entry.name);
    case 'inline':
      return reader.text(entry.text);
    case 'stdin':
      return fromStdin(words.stdin, reader, cwd);
    case 'none':
      return undefined;
  }
}

async function fromStdin(
  stdin: Words['stdin'],
  reader: ImportReader,
  cwd: string,
): Promise<PythonUse | undefined> {
  if (stdin === undefined || stdin === 'unknown') return undefined;
  return 'text' in stdin ? reader.text(stdin.text) : reader.script(path.resolve(cwd, stdin.path));
}
