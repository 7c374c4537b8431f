import { type Line, logicalLines, type Token } from './tokens.ts';

/** What a Python text shows about the services it uses. */
export interface PythonUse {
  /** Dotted modules; `from a import b` gives `a` and `a.b`; relative ones start with dots. */
  readonly imports: readonly string[];
  /** Names with a capital in them that stand in the code, e.g. `WandbLogger`. */
  readonly names: readonly string[];
  /** Values of `report_to`, `log_with` and `logger`. */
  readonly reporters: readonly string[];
  /** There was more than is read: what lies beyond counts as not there. */
  readonly truncated?: true;
}

/** Tokens that are looked at behind a key: keeps odd text from costing its square. */
const MAX_STATEMENT = 256;

const blocks = new Set(
  'if elif else try except finally for while with async def class match case'.split(' '),
);

/** Reads imports without running anything; strings, comments and `if TYPE_CHECKING:` don't count. */
export function scanPython(text: string): PythonUse {
  const imports = new Set<string>();
  const names = new Set<string>();
  const reporters = new Set<string>();
  for (const { tokens } of runtimeLines(logicalLines(text))) {
    for (const statement of statements(tokens)) {
      for (const name of importsOf(statement)) imports.add(name);
    }
    tokens.forEach((token, index) => {
      if (token.kind === 'name' && /[A-Z]/.test(token.value)) names.add(token.value);
      for (const name of dynamicImport(tokens, index)) imports.add(name);
      for (const name of reportersAt(tokens, index)) reporters.add(name);
    });
  }
  return { imports: [...imports], names: [...names], reporters: [...reporters] };
}

function runtimeLines(lines: readonly Line[]): readonly Line[] {
  let skipDeeperThan = Number.POSITIVE_INFINITY;
  return lines.filter((line) => {
    if (line.indent > skipDeeperThan) return false;
    const head = line.tokens.map((token) => token.value).join(' ');
    const typing = /^if (\w+ \. )?TYPE_CHECKING :/.test(head);
    skipDeeperThan = typing ? line.indent : Number.POSITIVE_INFINITY;
    return !typing;
  });
}

/** A line, and what stands behind the colon of a block head on the same line. */
function statements(tokens: readonly Token[]): readonly (readonly Token[])[] {
  if (!blocks.has(tokens[0]?.value ?? '')) return [tokens];
  const colon = tokens.findIndex((token, index) => {
    const next = tokens[index + 1]?.value ?? '';
    return token.value === ':' && (next === 'import' || next === 'from');
  });
  return colon < 0 ? [] : [tokens.slice(colon + 1)];
}

function importsOf(tokens: readonly Token[]): readonly string[] {
  const [first, ...rest] = tokens;
  if (first?.kind !== 'name') return [];
  if (first.value === 'import') return list(rest);
  if (first.value !== 'from') return [];
  const middle = rest.findIndex((token) => token.kind === 'name' && token.value === 'import');
  if (middle < 1) return [];
  const module = rest
    .slice(0, middle)
    .map((token) => token.value)
    .join('');
  const joint = module.endsWith('.') ? '' : '.';
  const members = list(rest.slice(middle + 1).filter((token) => !'()'.includes(token.value)));
  return [module, ...members.filter((name) => name !== '*').map((name) => module + joint + name)];
}

/** `a.b as c, d` → `a.b`, `d`. */
function list(tokens: readonly Token[]): readonly string[] {
  const found: string[] = [];
  let current = '';
  let named = false;
  for (const token of [...tokens, { kind: 'operator', value: ',' } as const]) {
    if (token.value === ',') {
      if (current !== '') found.push(current);
      current = '';
      named = false;
    } else if (token.value === 'as') named = true;
    else if (!named) current += token.value;
  }
  return found;
}

function dynamicImport(tokens: readonly Token[], index: number): readonly string[] {
  if (!['import_module', '__import__'].includes(tokens[index]?.value ?? '')) return [];
  const [open, name, end] = tokens.slice(index + 1, index + 4);
  const literal =
    open?.value === '(' && name?.kind === 'string' && ',)'.includes(end?.value ?? '?');
  return literal && tokens[index]?.kind === 'name' ? [name.value] : [];
}

/** `report_to="x"`, `report_to=["x", …]`, `"report_to": "x"`, `report_to: str = "x"`. */
function reportersAt(line: readonly Token[], start: number): readonly string[] {
  const key = line[start];
  if (!key || !['report_to', 'log_with', 'logger'].includes(key.value)) return [];
  const tokens = line.slice(start, start + MAX_STATEMENT);
  let at = 1;
  if (key.kind === 'name' && tokens[at]?.value === ':') {
    at = tokens.findIndex((token, place) => place > at && token.value === '=');
  }
  const link = key.kind === 'name' ? '=' : ':';
  if (at < 0 || tokens[at]?.value !== link) return [];
  const values = tokens.slice(at + 1);
  if (values[0]?.value !== '[' && values[0]?.value !== '(')
    values.length = Math.min(1, values.length);
  const end = values.findIndex((token) => token.kind === 'operator' && '])'.includes(token.value));
  return values
    .slice(0, end < 0 ? undefined : end)
    .flatMap((token) => (token.kind === 'string' ? [token.value] : []));
}
