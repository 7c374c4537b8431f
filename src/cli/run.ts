import { printError } from './print.ts';

/** Runs a command and ends with its exit code, or with that of its error, which is told. */
export async function run(command: () => Promise<number>, json = false): Promise<never> {
  try {
    return await leave(await command());
  } catch (error) {
    return leave(printError(error, { json }));
  }
}

/** Ends when output is written, whatever else is still open: nothing may keep a finished session. */
export async function leave(code: number): Promise<never> {
  for (const sink of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => {
      sink.once('error', () => resolve()); // nobody reads it any more
      sink.write('', () => resolve());
    });
  }
  process.exit(code);
}
