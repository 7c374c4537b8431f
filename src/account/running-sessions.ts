import { connect } from 'node:net';
import { basename, dirname } from 'node:path';
import { sessionSockets } from '../platform/runtime-dir.ts';

export interface ResyncedSession {
  readonly id: string;
  readonly synced: boolean;
  /** Why not, in the session's words. */
  readonly reason?: string;
}

/** Milliseconds that a session has to answer. */
const answerTimeout = 3000;

/** Makes every running session of this user fetch its credentials anew. */
export function resyncSessions(env: NodeJS.ProcessEnv): Promise<ResyncedSession[]> {
  const sockets = sessionSockets(env, process.getuid?.() ?? 0);
  return Promise.all(
    sockets.map(async (path) => ({
      id: basename(dirname(path)),
      ...(await requestSync(path)),
    })),
  );
}

type Outcome = Omit<ResyncedSession, 'id'>;

function requestSync(path: string): Promise<Outcome> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(path);
    const finish = (outcome: Outcome) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(
      () => finish({ synced: false, reason: 'it does not answer' }),
      answerTimeout,
    );
    socket.once('error', () => finish(ended));
    socket.once('close', () => finish(ended));
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
      const line = answer.split('\n').find((part) => part.includes('"id":1'));
      if (line !== undefined && answer.endsWith('\n')) finish(outcomeOf(line));
    });
    socket.write('{"jsonrpc":"2.0","id":1,"method":"sync","params":{}}\n');
  });
}

const ended: Outcome = { synced: false, reason: 'it has ended' };

function outcomeOf(line: string): Outcome {
  const { error } = JSON.parse(line) as { error?: { message: string } };
  return error === undefined ? { synced: true } : { synced: false, reason: error.message };
}
