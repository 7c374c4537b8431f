import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { clientOf, type TestClient } from './client.ts';
import { cleanEnv, synsc } from './session.ts';

/** `synsc dashboard` in a process of its own. */
export interface DashboardProcess extends TestClient {
  readonly url: string;
  readonly caCertificate: string;
  readonly pid: number;
  /** Everything that it wrote to stderr. */
  stderr(): string;
  /** Ends it and resolves to its exit code, null after SIGKILL. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Where the data of a dashboard is. */
export interface Place {
  readonly data: string;
  readonly databaseUrl?: string | undefined;
}

const flags = ({ data, databaseUrl }: Place) => [
  ...['--json', '--data', data],
  ...(databaseUrl ? ['--database-url', databaseUrl] : []),
];

/** A `synsc dashboard` command; its exit code and its JSON. */
export async function runDashboardCommand(words: readonly string[], place: Place) {
  const args = ['dashboard', ...words, ...flags(place)];
  const done = await promisify(execFile)(synsc, args, { env: cleanEnv() }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => error,
  );
  return { code: done.code, answer: JSON.parse(done.stdout) };
}

export async function startDashboardProcess(
  place: Place,
  env?: Record<string, string>,
): Promise<DashboardProcess> {
  const { data } = place;
  const child = spawn(synsc, ['dashboard', '--port', '0', ...flags(place)], {
    env: cleanEnv(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (bytes: Buffer) => {
    errors += bytes.toString();
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const first = await firstLine(child);
  if (first === undefined) throw new Error(`the dashboard ended (${await exited}): ${errors}`);
  const { url, pid, error } = JSON.parse(first);
  if (error) throw Object.assign(new Error(error.message), error);
  const caCertificate = readFileSync(path.join(data, 'tls', 'ca.crt'), 'utf8');
  return {
    ...{ url, caCertificate, pid },
    ...clientOf({ url, caCertificate }),
    stderr: () => errors,
    end(signal = 'SIGTERM') {
      child.kill(signal);
      return exited;
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string | undefined> {
  if (!child.stdout) return undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    child.stdout.resume();
    return line;
  }
  return undefined;
}
