import { type ChildProcess, spawn } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FinishedSpawn, SpawnParams, StartedSpawn } from '../../protocol/session/schemas.ts';

export const root = path.resolve(import.meta.dirname, '../..');
export const synsc = process.env.SYNSC_UNDER_TEST ?? path.join(root, 'scripts/synsc');

/** The session's own command in tests: joins its input and output with the session's socket. */
const relay = `
const socket = require('node:net').connect(process.env.SYNSC_SOCKET);
process.stdin.pipe(socket).pipe(process.stdout);
socket.on('close', () => process.exit(0));`;

interface Answer {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: { code: number; message: string; data?: { code: string; hint: string; field?: string } };
}

/** An environment without any credential of the machine that runs the tests. */
export function cleanEnv(extra: Record<string, string> = {}): Record<string, string> {
  const { PATH = '', HOME = '/tmp', LANG = 'C.UTF-8' } = process.env;
  return { PATH, HOME, LANG, ...extra };
}

interface TestSessionOptions {
  readonly env?: Record<string, string>;
  readonly sync?: boolean;
  readonly cwd?: string;
  /** Its XDG_RUNTIME_DIR, when it is not to be one of its own. */
  readonly runtime?: string;
  /** Words before the command line, such as a program that sets limits. */
  readonly wrap?: readonly string[];
  /** User that it runs as. */
  readonly uid?: number | undefined;
}

/** A real session in a process of its own; the test is its agent. */
export class TestSession {
  readonly child: ChildProcess;
  readonly runtime: string;
  readonly notifications: { method: string; params: Record<string, unknown> }[] = [];
  /** Everything that `launch` wrote to stderr. */
  stderr = '';
  readonly exited: Promise<number | null>;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;
  #rest = '';

  constructor(options: TestSessionOptions = {}) {
    this.runtime = options.runtime ?? mkdtempSync(path.join(tmpdir(), 's-'));
    const flags = options.sync ? [] : ['--no-sync'];
    const command = ['--', process.execPath, '-e', relay];
    const events = ['--json-events', path.join(this.runtime, 'events')];
    const { wrap = [], uid } = options;
    if (uid !== undefined) chownSync(this.runtime, uid, uid);
    const [program = synsc, ...words] = [...wrap, synsc, 'launch', ...events, ...flags, ...command];
    this.child = spawn(program, words, {
      ...(uid !== undefined && { uid, gid: uid }),
      env: cleanEnv({ ...options.env, XDG_RUNTIME_DIR: this.runtime }),
      cwd: options.cwd ?? this.runtime,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.exited = new Promise((resolve) => this.child.once('exit', (code) => resolve(code)));
    this.child.stderr?.on('data', (bytes: Buffer) => {
      this.stderr += bytes.toString();
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#receive(text));
    this.child.stdin?.on('error', () => undefined);
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const answer = JSON.parse(line) as Answer;
      if (answer.method !== undefined) {
        this.notifications.push({ method: answer.method, params: answer.params ?? {} });
      } else if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    }
  }

  /** The whole answer, result or error. */
  ask(method: string, params: object = {}): Promise<Answer> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, resolve);
      void this.exited.then(() => reject(new Error(`the session ended: ${this.stderr}`)));
    });
  }

  async call<T>(method: string, params: object = {}): Promise<T> {
    const { result, error } = await this.ask(method, params);
    if (error !== undefined) throw new Error(`${method}: ${error.code} ${error.message}`);
    return result as T;
  }

  run(params: SpawnParams): Promise<FinishedSpawn> {
    return this.call('spawn', params);
  }

  start(params: SpawnParams): Promise<StartedSpawn> {
    return this.call('spawn', { ...params, background: true });
  }

  /** Output of a background process as notified, once it has ended. */
  async output(processId: string): Promise<string> {
    await this.call('wait', { processId });
    return this.notifications
      .filter(({ method, params }) => method === 'output' && params.processId === processId)
      .map(({ params }) => params.data)
      .join('');
  }

  /** Directories of live sessions. */
  directories(): string[] {
    const parent = path.join(this.runtime, 'synsc');
    return existsSync(parent) ? readdirSync(parent) : [];
  }

  events(): Record<string, unknown>[] {
    return readFileSync(path.join(this.runtime, 'events'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Ends it as its own command would, and checks that nothing is left. */
  async close(): Promise<void> {
    this.child.stdin?.end();
    await this.exited;
    const left = this.directories();
    rmSync(this.runtime, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`the session left ${left.join(', ')}`);
  }
}

/** A program that prints the names and values of the credentials in its environment. */
export function stubTool(directory: string, name: string): string {
  const file = path.join(directory, name);
  const names = 'HF_|HUGGING|WANDB_|MODAL_|LAMBDA_|AWS_|GOOGLE_APP|CLOUDSDK|SYNSC_TOKEN';
  writeFileSync(file, `#!/bin/sh\nenv | grep -E '^(${names})' | sort\nexit 0\n`, { mode: 0o755 });
  return file;
}
