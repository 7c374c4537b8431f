import { connect } from 'node:net';
import { basename, dirname } from 'node:path';
import { sessionSockets } from '../platform/runtime-dir.ts';

export interface ResyncedSession {
  readonly id: string;
  readonly synced: boolean;
}

/** Milliseconds that a session has to answer. */
const answerTimeout = 3000;

/** Makes every running session of this user fetch its credentials anew. */
export function resyncSessions(env: NodeJS.ProcessEnv): Promise<ResyncedSession[]> {
  const sockets = sessionSockets(env, process.getuid?.() ?? 0);
  return Promise.all(
    sockets.map(async (path) => ({
      id: basename(dirname(path)),
      synced: await requestSync(path),
    })),
  );
}

function requestSync(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(path);
    const finish = (synced: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(synced);
    };
    const timer = setTimeout(() => finish(false), answerTimeout);
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
      const line = answer.split('\n').find((part) => part.includes('"id":1'));
      if (line !== undefined && answer.endsWith('\n')) finish(line.includes('"result"'));
    });
    socket.write('{"jsonrpc":"2.0","id":1,"method":"sync","params":{}}\n');
  });
}
