import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const dist = path.join(import.meta.dirname, '../../../dist');

/**
 * Runs the text of an ES module inside a session of the built program, which holds ten credentials, and
 * answers the JSON that it prints. `client` in the text is the built client, `supervisor` the session's pid.
 */
export async function inSession<T>(
  text: string,
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  const runtime = mkdtempSync(path.join(tmpdir(), 'b-'));
  const { PATH = '', HOME = '' } = process.env;
  const script = `import * as client from ${JSON.stringify(path.join(dist, 'client.mjs'))};
const supervisor = process.ppid;
${text}`;
  const inside = [process.execPath, '--input-type=module', '-e', script];
  const child = spawn(
    process.execPath,
    [path.join(dist, 'synsc.js'), 'launch', '--no-sync', '--', ...inside],
    {
      env: { PATH, HOME, XDG_RUNTIME_DIR: runtime, ...credentials, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let out = '';
  child.stdout.on('data', (bytes: Buffer) => {
    out += bytes.toString();
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  rmSync(runtime, { recursive: true, force: true });
  if (code !== 0) throw new Error(`the session ended with ${code}`);
  return JSON.parse(out) as T;
}

/** Obviously fake: redaction is on. */
const credentials = {
  HF_TOKEN: 'hf_EXAMPLEonlyNotARealTokenAbCdEf012345',
  WANDB_API_KEY: '0123456789abcdef0123456789abcdefEXAMPLE0',
  MODAL_TOKEN_ID: 'ak-EXAMPLEonlyNotReal0123',
  MODAL_TOKEN_SECRET: 'as-EXAMPLEonlyNotReal0123456789',
  LAMBDA_API_KEY: 'secret_example_0123456789abcdef.EXAMPLEonlyNotReal',
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLEONLY23456',
  AWS_SECRET_ACCESS_KEY: 'EXAMPLEonlyNotARealSecretKey/0123456789+',
};

/** Fails the run when `met` is false. */
export function verdict(target: string, met: boolean): string {
  if (!met) process.exitCode = 1;
  return `target ${target}: ${met ? 'met' : 'MISSED'}`;
}

export function percentile(list: readonly number[], part: number): number {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
