import { readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ResyncedSession {
  readonly id: string;
  readonly synced: boolean;
}

/** Milliseconds that a session has to answer. */
const answerTimeout = 3000;

/** Makes every running session of this user fetch its credentials anew. */
export function resyncSessions(env: NodeJS.ProcessEnv): Promise<ResyncedSession[]> {
  return Promise.all(
    findSockets(env).map(async ({ id, path }) => ({ id, synced: await requestSync(path) })),
  );
}

function findSockets(env: NodeJS.ProcessEnv): { id: string; path: string }[] {
  const uid = process.getuid?.() ?? 0;
  const roots = [join(tmpdir(), `synsc-${uid}`)];
  if (env.XDG_RUNTIME_DIR) roots.unshift(join(env.XDG_RUNTIME_DIR, 'synsc'));
  return roots
    .filter((root) => statSync(root, { throwIfNoEntry: false })?.uid === uid)
    .flatMap((root) => readdirSync(root).map((id) => ({ id, path: join(root, id, 's') })))
    .filter(({ path }) => {
      const entry = statSync(path, { throwIfNoEntry: false });
      return entry?.isSocket() && entry.uid === uid;
    });
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
