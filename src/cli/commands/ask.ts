import type { SynscClient } from '../../../protocol/client.ts';
import { SynscError } from '../../errors.ts';
import { asSynscError, reach } from './exec.ts';

/** Asks the session that this process runs in. Throws NO_SESSION outside of one. */
export async function ask<T>(
  question: (session: SynscClient) => Promise<T>,
): Promise<{ socket: string; answer: T }> {
  const socket = process.env.SYNSC_SOCKET;
  if (!socket) {
    throw new SynscError('NO_SESSION', 'this command works inside a session', {
      hint: 'run it in a shell of `synsc launch`',
    });
  }
  const session = await reach(socket);
  try {
    return { socket, answer: await question(session) };
  } catch (error) {
    throw asSynscError(error);
  } finally {
    session.close();
  }
}
