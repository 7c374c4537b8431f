import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { cleanEnv, synsc } from '../../support/session.ts';

export interface LoginCode {
  verificationUri: string;
  verificationUriComplete: string;
  userCode: string;
  expiresIn: number;
}

/** A synsc command that runs with everything below one home directory, and what it has printed. */
export class Run {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly code: Promise<number | null>;

  constructor(home: string, args: string[], extra: Record<string, string> = {}) {
    const env = cleanEnv({
      HOME: home,
      XDG_CONFIG_HOME: path.join(home, 'config'),
      XDG_DATA_HOME: path.join(home, 'data'),
      XDG_RUNTIME_DIR: home,
      ...extra,
    });
    this.child = spawn(synsc, args, { env });
    this.child.stdout?.on('data', (bytes: Buffer) => {
      this.stdout += bytes.toString();
    });
    this.child.stderr?.on('data', (bytes: Buffer) => {
      this.stderr += bytes.toString();
    });
    this.code = new Promise((resolve) => this.child.once('close', resolve));
  }
}

/** The first line of `login --json`. */
export async function codeOf(login: Run): Promise<LoginCode> {
  await expect.poll(() => login.stdout, { timeout: 60_000 }).toContain('\n');
  return JSON.parse(login.stdout.split('\n')[0] ?? '');
}

/** Every byte of every file below a directory. */
export function filesBelow(directory: string): string {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

/** Whether a process has a listening TCP socket (proc(5): state 0A of /proc/net/tcp, by inode). */
export function listens(pid: number | undefined): boolean {
  const listening = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A')
      .map((fields) => `socket:[${fields[9]}]`),
  );
  return readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return listening.includes(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      return false; // closed in the meantime
    }
  });
}
