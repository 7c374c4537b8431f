import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTerminal } from '../../src/platform/pty.ts';
import { cleanEnv, synsc } from '../support/session.ts';

let runtime: string;
/** Accepts connections and never says anything. */
let mute: Server;

beforeAll(async () => {
  runtime = mkdtempSync(path.join(tmpdir(), 'int-'));
  mute = createServer().listen(0, 'localhost');
  await new Promise((resolve) => mute.once('listening', resolve));
});
afterAll(() => {
  mute.close();
  rmSync(runtime, { recursive: true, force: true });
});

const directories = () => {
  const parent = path.join(runtime, 'synsc');
  return existsSync(parent) ? readdirSync(parent) : [];
};
const opened = () =>
  expect.poll(() => directories().length, { timeout: 30_000, interval: 1 }).toBe(1);

function start(...args: string[]): ChildProcess & { ended: Promise<number> } {
  const child = spawn(synsc, args, {
    env: cleanEnv({
      XDG_RUNTIME_DIR: runtime,
      SYNSC_DASHBOARD_URL: `https://localhost:${(mute.address() as AddressInfo).port}`,
      SYNSC_CA_SHA256: 'ab'.repeat(32),
      SYNSC_TOKEN: 'synsc_EXAMPLE',
    }),
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
  return Object.assign(child, { ended });
}

describe.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
  ['SIGQUIT', 131],
] as const)('%s', (signal, code) => {
  test.each(['launch', 'exec'])(
    'while %s waits for the dashboard: it ends, and leaves nothing',
    async (command) => {
      const child = start(command, '--', 'sleep', '60');
      await opened();
      child.kill(signal);
      expect(await child.ended).toBe(code);
      expect(directories()).toEqual([]);
    },
    60_000,
  );

  test('at any moment of the start: it ends, and leaves nothing', async () => {
    for (const wait of [0, 0, 5, 20, 80]) {
      const child = start('launch', '--no-sync', '--', 'sleep', '60');
      await opened();
      await new Promise((resolve) => setTimeout(resolve, Math.random() * wait));
      child.kill(signal);
      expect(await child.ended).toBe(code);
      expect(directories()).toEqual([]);
    }
  }, 120_000);
});

describe('with a reader that does not read what it writes: it ends all the same', () => {
  const env = () => cleanEnv({ XDG_RUNTIME_DIR: runtime });
  async function endsBySigterm(child: ChildProcess): Promise<void> {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    expect(await ended).toBe(143);
    expect(directories()).toEqual([]);
  }

  test('a pipe', async () => {
    const child = spawn(synsc, ['launch', '--no-sync', '--', 'yes'], {
      env: env(),
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => child.stdout.once('readable', resolve)); // and no more is read
    await endsBySigterm(child);
  }, 60_000);

  test('a terminal', async () => {
    const terminal = openTerminal(80, 24);
    const stdio = [terminal.slave, terminal.slave, terminal.slave];
    const begun = path.join(runtime, 'begun');
    const command = `yes 2>/dev/null & sleep 1; touch ${begun}; wait`;
    const child = spawn(synsc, ['launch', '--no-sync', '--', 'bash', '-c', command], {
      env: env(),
      stdio,
    });
    await expect.poll(() => existsSync(begun), { timeout: 30_000 }).toBe(true);
    await endsBySigterm(child);
    closeSync(terminal.slave);
    closeSync(terminal.master);
  }, 60_000);
});
