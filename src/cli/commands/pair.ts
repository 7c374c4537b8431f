import { printJson } from '../print.ts';
import { ask } from './ask.ts';

/** `synsc pair`: prints a code that makes one program outside the session's tree a client of it. */
export async function pair({ json }: { readonly json?: boolean }): Promise<number> {
  const { socket, answer } = await ask((session) => session.call('pair.code'));
  const { code, expiresIn } = answer;
  if (json) printJson({ code, expiresIn, socket });
  else {
    process.stdout.write(`${code}\n`);
    process.stderr.write(
      `good once, for ${expiresIn / 60} minutes, for the program that you give it to:\n` +
        `it calls pair {"code": "${code}"} on ${socket}\n`,
    );
  }
  return 0;
}
