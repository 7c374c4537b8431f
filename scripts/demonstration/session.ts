/** What runs inside the demonstration's session: a handful of commands, as an agent would. */
import { spawnSync } from 'node:child_process';
import { styleText } from 'node:util';
import type { FinishedSpawn } from '../../protocol/session/schemas.ts';

const synsc = JSON.parse(process.env.DEMO_SYNSC ?? '[]') as string[];
const curl = [
  'curl',
  '-v',
  '--silent',
  '--cacert',
  process.env.DEMO_CA ?? '',
  `${process.env.DEMO_URL}/health`,
];

const commands: string[][] = [
  ['--', 'printenv', 'HF_TOKEN'],
  ['--', 'git', 'status', '--short'],
  ['--', 'aws', 'sts', 'get-caller-identity'],
  ['--', 'python3', 'train.py'],
  ['--', ...curl],
  ['--', 'modal', '--version'],
  ['-c', 'echo "a compound line"; aws s3 ls'],
];

/** At most so many lines of a command's output are shown. */
const shownLines = 8;
const paint = (style: 'bold' | 'dim' | 'green', text: string) =>
  process.stdout.isTTY && !process.env.NO_COLOR ? styleText(style, text) : text;

for (const words of commands) show(words);

function show(words: string[]): void {
  const [file = '', ...args] = [...synsc, 'exec', '--json', ...words];
  const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  console.log(paint('bold', `$ ${shortened(words.slice(1).join(' '))}`));
  if (stdout === '') {
    console.log(`  ${stderr.trim()}\n`);
    return;
  }
  const result = JSON.parse(stdout) as FinishedSpawn | { error: { message: string } };
  if ('error' in result) {
    console.log(`  could not run: ${result.error.message}\n`);
    return;
  }
  for (const { program, given, withheld, reason } of result.decisions) {
    console.log(`  ${program}: given ${paint('green', given.join(', ') || 'nothing')}`);
    console.log(paint('dim', `    withheld ${withheld.join(', ') || 'nothing'}`));
    console.log(paint('dim', `    because ${reason}`));
  }
  const lines = `${result.stdout}${result.stderr}`.trimEnd().split('\n');
  for (const line of lines.slice(0, shownLines)) console.log(`  | ${line}`);
  if (lines.length > shownLines) console.log(`  | … ${lines.length - shownLines} more lines`);
  console.log(`  exit ${result.exitCode ?? result.signal}, ${result.redactions} values redacted\n`);
}

function shortened(text: string): string {
  return text.length > 90 ? `${text.slice(0, 89)}…` : text;
}
