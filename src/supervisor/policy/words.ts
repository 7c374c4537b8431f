import {
  type Command,
  forEachChild,
  parse,
  type Redirection,
  type SyntaxNode,
  type Word,
} from 'unbash';

/** A program with its arguments as the shell text has them; `undefined`: known only when it runs. */
export interface Words {
  readonly name: string;
  readonly args: readonly (string | undefined)[];
  /** Assignments before the name (`A=1 program`). */
  readonly assignments: Readonly<Record<string, string | undefined>>;
  /** Standard input that the text itself tells; absent when inherited. */
  readonly stdin?: { readonly text: string } | { readonly path: string } | 'unknown';
  /** Offset of the name in the text. */
  readonly at?: number;
  /** It reads what the program before it in a pipeline writes. */
  readonly piped?: true;
}

/**
 * What a shell text runs: `lone` is one program and nothing else; `compound` lists those that can
 * be seen; `opaque` can't be read.
 */
export type ShellText =
  | { readonly shape: 'lone'; readonly command: Words }
  | {
      readonly shape: 'compound';
      readonly commands: readonly Words[];
      /** Variables that the text sets for what follows; undefined: to what is known only when it runs. */
      readonly sets: Readonly<Record<string, string | undefined>>;
      /** Names that are functions in it. */
      readonly functions: readonly string[];
    }
  | { readonly shape: 'opaque' };

const MAX_LENGTH = 32 * 1024;

/** Reads a text for `bash -c`, without running or expanding any of it. */
export function inspect(text: string): ShellText {
  if (text.length > MAX_LENGTH || text.includes('\0')) return { shape: 'opaque' };
  const script = parse(text);
  const found: Found = {
    commands: [],
    piped: new Set(),
    sets: {},
    functions: [],
    runsMore: false,
    broken: false,
  };
  visit(script, found);
  if (found.broken) return { shape: 'opaque' };
  const [statement, second] = script.commands;
  if (statement && !second && !statement.background && !found.runsMore) {
    const command = statement.command;
    const words = command.type === 'Command' ? wordsOf(command) : undefined;
    if (words) return { shape: 'lone', command: words };
  }
  const commands = found.commands.flatMap((node) => wordsOf(node, found.piped.has(node)) ?? []);
  for (const { name, args } of commands) if (exporting.has(name)) addExports(args, found.sets);
  return { shape: 'compound', commands, sets: found.sets, functions: found.functions };
}

const exporting = new Set(['export', 'declare', 'typeset', 'readonly', 'local']);

function addExports(args: Words['args'], sets: Found['sets']): void {
  for (const word of args) {
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word ?? '') ?? [];
    if (name !== undefined) sets[name] = value;
  }
}

interface Found {
  readonly commands: Command[];
  /** Commands with another one before them in a pipeline. */
  readonly piped: Set<Command>;
  readonly sets: Record<string, string | undefined>;
  readonly functions: string[];
  /** An expansion may run programs of its own. */
  runsMore: boolean;
  broken: boolean;
}

function visit(node: SyntaxNode, found: Found): void {
  if (node.type === 'Script' && 'errors' in node && node.errors?.length) found.broken = true;
  if (node.type === 'Command') found.commands.push(node);
  if (node.type === 'Command' && !node.name) Object.assign(found.sets, assignmentsOf(node));
  if (node.type === 'Function') found.functions.push(node.name.text);
  if (node.type === 'Pipeline') {
    for (const part of node.commands.slice(1)) addPiped(part, found.piped);
  }
  if (mayRun(node)) found.runsMore = true;
  forEachChild(node, (child) => visit(child, found));
}

/** Everything in a later part of a pipeline may read the pipe. */
function addPiped(node: SyntaxNode, piped: Set<Command>): void {
  if (node.type === 'Command') piped.add(node);
  else forEachChild(node, (child) => addPiped(child, piped));
}

const running = new Set(['CommandExpansion', 'ProcessSubstitution', 'ArithmeticExpansion']);
const evaluating = new Set(['Transform', 'Slice', 'Unknown']);

/** Also arithmetic: bash evaluates subscripts in it, and those may hold substitutions. */
function mayRun(node: SyntaxNode): boolean {
  if (running.has(node.type)) return true;
  if (node.type !== 'ParameterExpansion') return false;
  const evaluated = evaluating.has(node.operation?.type ?? '');
  return evaluated || node.index !== undefined || node.prefix === '!';
}

function wordsOf(command: Command, piped = false): Words | undefined {
  const name = command.name && literal(command.name);
  if (!name) return undefined;
  const args = command.args.map(argumentOf);
  const stdin = command.redirects.map(stdinOf).findLast((source) => source !== undefined);
  return {
    name,
    args,
    assignments: assignmentsOf(command),
    ...(stdin && { stdin }),
    ...(command.name && { at: command.name.pos }),
    ...(piped && stdin === undefined && { piped }),
  };
}

/** `export A=1` holds an assignment where other commands have a word. */
function argumentOf(arg: Command['args'][number]): string | undefined {
  if (arg.type === 'Word') return literal(arg);
  const value = arg.value.type === 'Word' && !arg.append ? literal(arg.value) : undefined;
  return value === undefined ? undefined : `${arg.name}=${value}`;
}

function assignmentsOf(command: Command): Record<string, string | undefined> {
  const assignments: Record<string, string | undefined> = {};
  for (const part of command.prefix) {
    if (part.type !== 'Assignment') continue;
    const plain = part.value.type === 'Word' && !part.append && !part.index;
    assignments[part.name] = plain && part.value.type === 'Word' ? literal(part.value) : undefined;
  }
  return assignments;
}

function stdinOf(redirect: Redirection): Words['stdin'] {
  const descriptor = redirect.descriptor;
  const readsZero = descriptor === undefined || ('value' in descriptor && descriptor.value === 0);
  if (!redirect.operator.startsWith('<') || !readsZero) return undefined;
  if (redirect.type === 'HereDoc') {
    const known = redirect.delimiter?.quoted || !redirect.body.parts?.some(expands);
    return known ? { text: redirect.body.text } : 'unknown';
  }
  const target = redirect.target && literal(redirect.target);
  if (target === undefined) return 'unknown';
  if (redirect.type === 'HereString') return { text: target };
  return redirect.operator === '<' ? { path: target } : 'unknown';
}

function literal(word: Word): string | undefined {
  if (word.text.startsWith('~')) return undefined;
  return word.parts?.some(expands) ? undefined : word.value;
}

const fixed = new Set(['Literal', 'SingleQuoted', 'AnsiCQuoted']);

function expands(part: SyntaxNode): boolean {
  return part.type === 'DoubleQuoted' ? part.parts.some(expands) : !fixed.has(part.type);
}
