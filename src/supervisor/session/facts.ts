import path from 'node:path';
import { type Entry, entryOf } from '../policy/entry.ts';
import type { Facts, ProgramFacts } from '../policy/facts.ts';
import type { PythonUse } from '../policy/python.ts';
import { baseName } from '../policy/tools.ts';
import { inspect, type Words } from '../policy/words.ts';
import { ImportReader } from './imports.ts';
import { placeOf } from './place.ts';

/** What someone asks to run. One of `command` (for `bash -c`) and `argv` is set. */
export interface FactsRequest {
  readonly command?: string | undefined;
  readonly argv?: readonly string[] | undefined;
  /** Absolute. */
  readonly cwd: string;
  /** Complete environment, before any credential. */
  readonly env: Readonly<Record<string, string>>;
}

/** Finds out what the decision rests on. Never throws: what can't be told is left out. */
export async function gatherFacts(request: FactsRequest): Promise<Facts> {
  const { env } = request;
  const text = shapeOf(request);
  if (text.shape === 'opaque') return { shape: 'opaque', programs: [], env };
  if (text.shape === 'compound') {
    const programs = text.commands.map((words): ProgramFacts => ({ words, place: 'missing' }));
    return { shape: 'compound', programs, env };
  }
  return { shape: 'lone', programs: [await programFacts(text.command, request)], env };
}

function shapeOf({ command, argv }: FactsRequest): ReturnType<typeof inspect> {
  if (!argv) return inspect(command ?? '');
  const [name, ...args] = argv;
  return name === undefined
    ? { shape: 'opaque' }
    : { shape: 'lone', command: { name, args, assignments: {} } };
}

async function programFacts(words: Words, { cwd, env }: FactsRequest): Promise<ProgramFacts> {
  const place = await placeOf(words.name, env, cwd);
  const entry = entryOf(baseName(words.name), words.args);
  if (!entry || place !== 'installed') return { words, place, ...(entry && { entry }) };
  const use = await useOf(entry, words, cwd);
  return { words, place, entry, ...(use && { use }) };
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
