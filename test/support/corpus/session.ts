import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, type SynscClient } from '../../../protocol/client.ts';
import { cleanEnv, synsc } from '../session.ts';

/**
 * The session's own command: leads connections to the session's socket. Over its output instead
 * everything would be redacted twice.
 */
const door = `
const net = require('node:net');
net.createServer((inner) => {
  const outer = net.connect(process.env.SYNSC_SOCKET);
  inner.pipe(outer).pipe(inner);
  for (const socket of [inner, outer]) socket.on('error', () => { inner.destroy(); outer.destroy(); });
}).listen(process.argv[1], () => process.stdout.write('open'));
process.stdin.on('end', () => process.exit(0)).resume();`;

/** A real session, and a way to it that changes no byte. */
export class OpenSession {
  readonly child: ChildProcess;
  readonly directory: string;
  readonly client: SynscClient;
  readonly stderr: () => string;

  private constructor(
    child: ChildProcess,
    directory: string,
    client: SynscClient,
    stderr: () => string,
  ) {
    this.child = child;
    this.directory = directory;
    this.client = client;
    this.stderr = stderr;
  }

  /** `more`: variables that need its directory. */
  static async start(
    env: Record<string, string>,
    more: (directory: string) => Record<string, string>,
    program = synsc,
  ): Promise<OpenSession> {
    const directory = mkdtempSync(path.join(tmpdir(), 's-'));
    const socket = path.join(directory, 'door');
    const command = ['launch', '--no-sync', '--', process.execPath, '-e', door, socket];
    const child = spawn(program, command, {
      env: cleanEnv({ ...env, ...more(directory), XDG_RUNTIME_DIR: directory }),
      cwd: directory,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr?.on('data', (bytes: Buffer) => {
      stderr += bytes.toString();
    });
    if (child.stdout) await once(child.stdout, 'data');
    return new OpenSession(child, directory, await connect(socket), () => stderr);
  }

  async close(): Promise<void> {
    this.client.close();
    this.child.stdin?.end();
    if (this.child.exitCode === null) await once(this.child, 'exit');
    rmSync(this.directory, { recursive: true, force: true });
  }
}
