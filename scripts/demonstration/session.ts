/** What runs inside the demonstration's session: a handful of commands, as an agent would. */
import { spawnSync } from 'node:child_process';
import { styleText } from 'node:util';
import type { Decision } from '../../protocol/session/decision.ts';
import type { FinishedSpawn } from '../../protocol/session/schemas.ts';
import { catalog } from '../../src/provider/catalog.ts';

const { DEMO_SYNSC = '[]', DEMO_CA = '', DEMO_URL = '', DEMO_COLOUR } = process.env;
const synsc = JSON.parse(DEMO_SYNSC) as string[];
const curl = [
  'curl',
  '-v',
  '--silent',
  '--noproxy',
  '*',
  '--cacert',
  DEMO_CA,
  `${DEMO_URL}/health`,
];

const commands: string[][] = [
  ['--', 'printenv', 'HF_TOKEN'],
  ['--', 'git', 'status', '--short'],
  ['--', 'aws', 'sts', 'get-caller-identity'],
  ['--', 'python3', 'train.py'],
  ['--', ...curl],
  ['--', 'modal', '--version'],
  ['-c', 'python3 train.py | tail -n 3; git status && aws s3 ls'],
];

/** At most so many lines of a command's output, and letters of a line, are shown. */
const shownLines = 8;
const shownLetters = 96;
/** `env` and shells (127): the command was not found. */
const notFound = 127;

const paint = (style: 'bold' | 'dim' | 'green', text: string) =>
  DEMO_COLOUR ? styleText(style, text, { validateStream: false }) : text;

const wrong = commands.filter((words) => !show(words));
process.exitCode = wrong.length === 0 ? 0 : 1;

/** Runs one command and prints what became of it; false when synsc could not run it. */
function show(words: string[]): boolean {
  const [file = '', ...args] = [...synsc, 'exec', '--json', ...words];
  const { stdout, stderr, status } = spawnSync(file, args, { encoding: 'utf8' });
  console.log(paint('bold', `$ ${shortened(words.slice(1).join(' '))}`));
  const result = parsed(stdout);
  if (result === undefined && status === notFound) {
    console.log(`  ${words[1]} is not installed here\n`);
    return true;
  }
  if (result === undefined) {
    console.log(`  could not run: ${stderr.trim() || stdout.trim()}\n`);
    return false;
  }
  for (const decision of result.decisions) showDecision(decision);
  showOutput(result);
  console.log(`  exit ${result.exitCode ?? result.signal}, ${result.redactions} values redacted\n`);
  return true;
}

function parsed(stdout: string): FinishedSpawn | undefined {
  if (stdout === '') return undefined;
  const result = JSON.parse(stdout) as FinishedSpawn | { error: object };
  return 'error' in result ? undefined : result;
}

function showDecision({ program, given, withheld, reason }: Decision): void {
  console.log(`  ${program}: given ${paint('green', given.join(', ') || 'nothing')}`);
  const withheldText = given.length === 0 ? 'everything' : providersOf(withheld);
  console.log(paint('dim', `    withheld ${withheldText}`));
  console.log(paint('dim', `    because ${reason}`));
}

/** For short: the providers that the names belong to. */
function providersOf(names: readonly string[]): string {
  const providers = catalog.filter(({ variables }) =>
    variables.some(({ name }) => names.includes(name)),
  );
  return providers.map(({ title }) => title).join(', ') || 'nothing';
}

function showOutput({ stdout, stderr }: FinishedSpawn): void {
  const lines = [stdout, stderr]
    .flatMap((text) => text.trimEnd().split('\n'))
    .filter((line) => line !== '');
  for (const line of lines.slice(0, shownLines)) console.log(`  | ${shortened(line)}`);
  if (lines.length > shownLines) console.log(`  | … ${lines.length - shownLines} more lines`);
}

function shortened(text: string): string {
  return text.length > shownLetters ? `${text.slice(0, shownLetters - 1)}…` : text;
}
