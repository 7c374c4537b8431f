/** protocol/POLICY.md: what every program is given, from the tables that decide it. */
import { catalog } from '../../src/provider/catalog.ts';
import type { Provider } from '../../src/provider/provider.ts';
import { strippedByReason } from '../../src/supervisor/policy/tools.ts';

/** The manual of the policy, in Markdown. */
export function policyManual(): string {
  return `# What each program is given

Made from the tables that decide it (\`npm run generate\`). \`synsc explain -c 'COMMAND'\` says the same of one
command, with the rule and the reason.

## Providers

${table(
  ['provider', 'variables (and other names of them)', 'its own tools', 'Python that uses it'],
  catalog.map((one) => [one.title, variables(one), codes(one.programs), python(one)]),
)}

A value is set under its name and all its other names, and taken away under all of them.

## Programs

${table(
  ['program', 'is given'],
  [
    ["a provider's own tool, `python -m` of it", 'that provider only'],
    [
      'a Python script, notebook or local module',
      'Hugging Face, and each provider that it or the local modules that it imports use',
    ],
    [
      '`python -c`, a here-document, `python < file`, `setup.py`, `manage.py` and the like',
      'what it imports',
    ],
    ['a Python prompt, or a program that is piped in', 'nothing'],
    [
      '`torchrun`, `accelerate launch`, `deepspeed`, `papermill`, `uv run`, `poetry run`, `conda run` …',
      'what the script behind it is given',
    ],
    [
      '`env`, `nice`, `timeout`, `xargs`, `make`, `npm run`, a shell',
      'nothing; each program that it starts is decided by itself',
    ],
    ['anything else', 'nothing'],
  ],
)}

W&B counts as used when it is imported, named as a logger (\`report_to="wandb"\`, \`--report_to wandb\`,
\`WandbLogger\`), or when the Trainer of an installed transformers before version 5 would log to it by
itself. Imports in functions, conditions and \`try\` count; strings, comments and \`TYPE_CHECKING\` don't.

## Never, and nothing below them

What these start may not ask either: a git hook that calls \`aws\` gets nothing.

${table(
  ['program', 'because it'],
  strippedByReason.map(([reason, names]) => [codes(names), reason]),
)}

Package managers (\`npm\`, \`uv\`, \`poetry\`, \`conda\` …) count as such except for \`run\`, \`test\` and \`start\`.
A shell that runs what is piped into it (\`curl … | bash\`) counts as one too.

## Withheld all the same

${table(
  ['provider', 'sign-in, export, print', 'sent elsewhere by', 'another credential by'],
  catalog.map((one) => [one.title, subcommands(one), elsewhere(one), codes(one.foreignOptions)]),
)}

Also: a tool of the working directory, a program with \`LD_PRELOAD\` or \`LD_AUDIT\` outside system
directories, \`PYTHONSTARTUP\`, \`NODE_OPTIONS\` or \`PERL5OPT\` set, and a shell text that can't be read.
An endpoint on the provider's own hosts (${catalog.map(({ hosts }) => codes(hosts)).join(', ')}) is no other one.

## Your own rules

In your settings (\`~/.config/synsc/config.json\`), never in a project:

\`\`\`json
{ "policy": { "grant": { "terraform": ["aws"] }, "deny": { "python": ["wandb"] } } }
\`\`\`

## Files in which tools keep tokens

After a program that was given a credential these are compared; you are told when one holds a value of
the session, and can have it taken out.

${table(
  ['provider', 'files'],
  catalog.map((one) => [one.title, codes(one.stores)]),
)}
`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, head.map(() => '---'), ...rows];
  return all.map((cells) => `| ${cells.map((cell) => cell || '—').join(' | ')} |`).join('\n');
}

function codes(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(', ');
}

function variables({ variables: list }: Provider): string {
  return list
    .map(({ name, aliases }) => codes([name]) + (aliases.length > 0 ? ` (${codes(aliases)})` : ''))
    .join(', ');
}

function python({ modules, evidence }: Provider): string {
  return codes([...modules, ...evidence.names]);
}

function subcommands({ withheldSubcommands, grantedSubcommands }: Provider): string {
  const but = codes(grantedSubcommands.map((words) => words.join(' ')));
  const all = codes(withheldSubcommands.map((words) => words.join(' ')));
  return but === '' ? all : `${all}, but not ${but}`;
}

function elsewhere({ endpointVariables, endpointOptions }: Provider): string {
  return codes([...endpointVariables, ...endpointOptions]);
}
