/** An option of a command, as commander reads it. */
export interface Option {
  readonly flags: string;
  readonly says: string;
  /** May be given again and again. */
  readonly many?: true;
}

/** Of the commands that are started often: commander and `readWords` read them by the same tables. */
export const launchOptions: readonly Option[] = [
  { flags: '--label <text>', says: 'name of the session in the dashboard' },
  { flags: '--no-sync', says: 'own keys only: do not contact the dashboard' },
  { flags: '--json-events <file>', says: 'append events as JSON lines' },
];

export const execOptions: readonly Option[] = [
  {
    flags: '--authorize <name>',
    says: 'ask the user to show this credential to this one call',
    many: true,
  },
  { flags: '--cwd <directory>', says: 'where to run it' },
  { flags: '--no-sync', says: 'outside a session: own keys only' },
  { flags: '--json', says: 'print the result as one JSON object' },
  {
    flags: '-c, --command <string>',
    says: "run by bash; note that your shell expands $X in '-- echo $X' first",
  },
];

export interface Words {
  /** By the names that commander gives them. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly command: readonly string[];
}

/**
 * The words of a command line with its options first, as commander reads them; undefined for what is
 * left to that: help, an option that is not in the table, or one without its value.
 */
export function readWords(table: readonly Option[], words: readonly string[]): Words | undefined {
  const options = initial(table);
  let rest: readonly string[] | undefined = words;
  while (rest[0]?.startsWith('-') && rest[0] !== '--') {
    rest = readOption(table, rest, options);
    if (rest === undefined) return undefined;
  }
  return { options, command: rest[0] === '--' ? rest.slice(1) : rest };
}

/** Takes the first option; answers what follows it. */
function readOption(
  table: readonly Option[],
  [word = '', ...rest]: readonly string[],
  options: Record<string, unknown>,
): readonly string[] | undefined {
  const [flag, inline] = splitAtEquals(word);
  const option = table.find(({ flags }) => flags.split(/,? /).includes(flag));
  if (option === undefined) return undefined;
  const name = nameOf(option);
  if (!option.flags.endsWith('>')) {
    options[name] = !option.flags.startsWith('--no-');
    return inline === undefined ? rest : undefined;
  }
  const [value, ...after] = inline === undefined ? rest : [inline, ...rest];
  if (value === undefined) return undefined;
  options[name] = option.many ? [...(options[name] as string[]), value] : value;
  return after;
}

function initial(table: readonly Option[]): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const option of table) {
    if (option.many) options[nameOf(option)] = [];
    else if (option.flags.startsWith('--no-')) options[nameOf(option)] = true;
  }
  return options;
}

function splitAtEquals(word: string): [flag: string, value?: string] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

/** `--json-events <file>` is `jsonEvents`, `--no-sync` is `sync`. */
function nameOf({ flags }: Option): string {
  const [, long = ''] = /--(?:no-)?([a-z-]+)/.exec(flags) ?? [];
  return long.replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase());
}
