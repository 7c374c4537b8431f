import { styleText } from 'node:util';
import { knownError, SynscError } from '../errors.ts';

/** Prints an error for people (stderr) or programs (one line on stdout); returns the exit code. */
export function printError(error: unknown, { json }: { json: boolean }): number {
  const known =
    knownError(error) ??
    new SynscError('INTERNAL', error instanceof Error ? error.message : 'unknown failure');
  const { code, message, hint } = known;
  if (json) printJson({ error: { code, message, hint } });
  else
    process.stderr.write(
      `${paint('red', 'synsc:')} ${message}\n${paint('dim', 'hint:')} ${hint}\n`,
    );
  return known.exitCode;
}

/** One JSON value, one line, on stdout. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Styles text for stderr: only on a terminal, and never with NO_COLOR (https://no-color.org). */
export function paint(style: 'red' | 'green' | 'yellow' | 'bold' | 'dim', text: string): string {
  return process.stderr.isTTY && !process.env.NO_COLOR ? styleText(style, text) : text;
}
