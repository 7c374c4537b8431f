import { refusalOf, SynscError } from '../errors.ts';
import { requireText } from './arguments.ts';
import { printError } from './print.ts';

/** Why results could not be written, such as a full disk. A reader that has gone away is no failure of ours. */
let unwritten: SynscError | undefined;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EIO') unwritten ??= refusalOf(error);
});

/** Runs a command and ends with its exit code, or with that of its error, which is told. */
export async function run(command: () => Promise<number>, json = false): Promise<never> {
  process.once('exit', tellUnfinished);
  try {
    requireText(process.argv);
    return await leave(await command());
  } catch (error) {
    return leave(printError(error, { json }));
  }
}

/** Node ends when it sees nothing left to wait for, and calls that a success. */
function tellUnfinished(code: number): void {
  if (code !== 0) return;
  const unfinished = new SynscError('INTERNAL', 'what was begun did not come to an end');
  process.exitCode = printError(unfinished, { json: false });
}

/** Ends when output is written, whatever else is still open: nothing may keep a finished session. */
export async function leave(code: number): Promise<never> {
  process.off('exit', tellUnfinished);
  for (const sink of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => {
      sink.once('error', () => resolve()); // nobody reads it any more
      sink.write('', () => resolve());
    });
  }
  process.exit(unwritten === undefined ? code : printError(unwritten, { json: false }));
}
