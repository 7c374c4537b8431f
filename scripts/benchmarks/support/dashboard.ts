import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Address } from '../../../test/support/client.ts';

const program = path.join(import.meta.dirname, '../../../dist/synsc.js');
/** Clock ticks of /proc/PID/stat, in milliseconds. */
const tick = 10;

export interface Server extends Address {
  readonly pid: number;
}

/** The dashboard as it is shipped, in a process of its own, once it accepts connections. */
export async function startServer(
  data: string,
  databaseUrl: string | undefined,
): Promise<{ child: ChildProcess; server: Server }> {
  const place = ['--data', data, ...(databaseUrl ? ['--database-url', databaseUrl] : [])];
  const child = spawn(process.execPath, [program, 'dashboard', '--json', '--port', '0', ...place], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString()));
    child.once('exit', (code) => reject(new Error(`the dashboard ended with ${code}`)));
  });
  const { url, pid } = JSON.parse(line) as { url: string; pid: number };
  const caCertificate = readFileSync(path.join(data, 'tls', 'ca.crt'), 'utf8');
  return { child, server: { url, pid, caCertificate } };
}

/** Milliseconds of CPU, user and system, of all threads. */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * tick;
}
