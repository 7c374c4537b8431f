import { SynscError } from '../../errors.ts';
import { nobody } from '../../supervisor/authorization/approver.ts';
import { type Ending, untilEnded } from '../ending.ts';
import { openSession } from '../session.ts';
import { type ExecOptions, inSession, type Program, programOf, reach } from './exec.ts';

/** `synsc exec` outside of a session: one for this one call. */
export async function execAlone(argv: readonly string[], options: ExecOptions): Promise<number> {
  const program = programOf(argv, options);
  return untilEnded((ending) => alone(program, options, ending));
}

async function alone(program: Program, options: ExecOptions, ending: Ending): Promise<number> {
  if (options.authorize.length > 0) {
    throw new SynscError('NOT_AUTHORIZED', 'outside a session nobody can be asked', {
      hint: 'start one with `synsc launch` and run this in its terminal',
    });
  }
  const session = await openSession({ approver: nobody, sync: options.sync, ending });
  try {
    const client = await reach(session.socketPath);
    return await ending.unless(inSession(client, program, options, ending));
  } finally {
    await session.end('the command has ended');
  }
}
