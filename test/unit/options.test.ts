import { Command } from 'commander';
import { expect, test } from 'vitest';
import { execOptions, launchOptions, type Option, readWords } from '../../src/cli/options.ts';

const tables = { launch: launchOptions, exec: execOptions };

/** What the whole program makes of the same words: undefined where it explains something. */
function byCommander(table: readonly Option[], words: readonly string[]) {
  const command = new Command()
    .argument('[command...]')
    .passThroughOptions()
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  const collect = (one: string, all: readonly string[]) => [...all, one];
  for (const { flags, says, many } of table) {
    if (many) command.option(flags, says, collect, []);
    else command.option(flags, says);
  }
  try {
    command.parse(words, { from: 'user' });
    return { options: command.opts(), command: command.args };
  } catch {
    return undefined;
  }
}

test.each<[keyof typeof tables, string[]]>([
  ['launch', []],
  ['launch', ['true']],
  ['launch', ['--', 'true', '--', '-x']],
  ['launch', ['true', '--label', 'x', '--']],
  ['launch', ['--no-sync', '--label', 'my agent', '--json-events', 'file', '--', 'claude']],
  ['launch', ['--label=a=b', 'true']],
  ['launch', ['--label=', 'true']],
  ['launch', ['--label', '--no-sync', 'true']],
  ['launch', ['']],
  ['exec', ['--authorize', 'A', '--authorize=B', '--', 'printenv', 'A']],
  ['exec', ['-c', 'echo $X', '--json']],
  ['exec', ['--command', '--', '--cwd', '/tmp']],
  ['exec', ['--json', '--no-sync', 'git', '-c', 'a=b', 'status']],
])('synsc %s %j: its words mean what commander reads', (name, words) => {
  const read = readWords(tables[name], words);
  expect(read).toBeDefined();
  expect(read).toEqual(byCommander(tables[name], words));
});

test.each<[keyof typeof tables, string[]]>([
  ['launch', ['--help']],
  ['launch', ['-h', 'true']],
  ['launch', ['--labl', 'x']],
  ['launch', ['--label']],
  ['launch', ['--no-sync=1', 'true']],
  ['launch', ['--sync', 'true']],
  ['exec', ['-cecho', 'x']],
  ['exec', ['-', 'x']],
  ['exec', ['--json', '--cwd']],
])('synsc %s %j is left to commander', (name, words) => {
  expect(readWords(tables[name], words)).toBeUndefined();
});
