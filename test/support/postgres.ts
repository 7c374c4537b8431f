import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export interface TestPostgres {
  readonly data: string;
  readonly url: string;
  stop(): Promise<void>;
}

const root = process.getuid?.() === 0;

/** The newest PostgreSQL of the system; undefined when there is none. */
export function postgresPrograms(): string | undefined {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).map(Number) : [];
  const newest = versions.filter((version) => version >= 15).sort((a, b) => b - a)[0];
  return newest === undefined ? undefined : join(base, String(newest), 'bin');
}

/** A PostgreSQL of its own on a free loopback port; as root it runs as the user `postgres`. */
export async function startPostgres(): Promise<TestPostgres> {
  const programs = postgresPrograms();
  if (!programs) throw new Error('no PostgreSQL 15 or later in /usr/lib/postgresql');
  const directory = await mkdtemp(join(tmpdir(), 'synsc-postgres-'));
  if (root) execFileSync('chown', ['postgres', directory]);
  const data = join(directory, 'data');
  const [initdb = '', ...initArguments] = as(join(programs, 'initdb'), [
    ...['-D', data, '-U', 'postgres', '-A', 'trust', '-N', '--locale=C.UTF-8', '-E', 'UTF8'],
  ]);
  execFileSync(initdb, initArguments, { stdio: 'ignore', cwd: '/' });
  const port = await freePort();
  const [postgres = '', ...serverArguments] = as(join(programs, 'postgres'), [
    ...['-D', data, '-p', String(port), '-k', directory, '-c', 'listen_addresses=127.0.0.1'],
    ...['-c', 'fsync=off'],
  ]);
  const server = spawn(postgres, serverArguments, { stdio: 'ignore', cwd: '/' });
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await ready(url);
  return { url, data, stop: () => stop(server, directory) };
}

/** setpriv execs, so that the process that is signalled is PostgreSQL itself. */
function as(program: string, parameters: readonly string[]): string[] {
  const user = ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'];
  return [...(root ? user : []), program, ...parameters];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

async function ready(url: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (attempt >= 100) throw error;
      await sleep(100);
    }
  }
}

/** SIGINT: PostgreSQL's fast shutdown. */
async function stop(server: ChildProcess, directory: string): Promise<void> {
  const ended = new Promise((resolve) => {
    server.once('exit', resolve);
  });
  server.kill('SIGINT');
  await ended;
  await rm(directory, { recursive: true, force: true });
}
