import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claim } from '../support/claim.ts';
import { cleanEnv, synsc, TestSession } from '../support/session.ts';

let marks: string;
beforeEach(() => {
  marks = mkdtempSync(path.join(tmpdir(), 'marks-'));
});
afterEach(() => rmSync(marks, { recursive: true, force: true }));

/** Pids of everything that was started with this folder in its arguments. */
function alive(): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(`${marks}/sleeper`);
    } catch {
      return false;
    }
  });
}

/** Descendants that try to outlive their session. */
async function startStubborn(session: TestSession): Promise<void> {
  writeFileSync(
    path.join(marks, 'sleeper'),
    '#!/bin/bash\ntrap "" TERM HUP\nwhile :; do sleep 0.2; done\n',
    {
      mode: 0o755,
    },
  );
  const sleeper = path.join(marks, 'sleeper');
  await session.start({ command: `${sleeper} plain` });
  await session.start({ command: `setsid ${sleeper} setsid & sleep 60` });
  await session.start({
    command: `nohup ${sleeper} nohup & (setsid ${sleeper} double &) ; exit 0`,
  });
  await session.start({ command: `env -i /usr/bin/setsid ${sleeper} bare & exit 0` });
  await session.start({ command: `${sleeper} terminal`, tty: { columns: 80, rows: 24 } });
  await expect.poll(() => alive().length).toBeGreaterThanOrEqual(6);
}

describe('nothing outlives a session', () => {
  test.each([
    {
      how: 'its command ends',
      end: (session: TestSession) => void session.child.stdin?.end(),
      code: 0,
    },
    {
      how: 'SIGTERM',
      end: (session: TestSession) => void session.child.kill('SIGTERM'),
      code: 143,
    },
    { how: 'SIGINT', end: (session: TestSession) => void session.child.kill('SIGINT'), code: 130 },
    { how: 'SIGHUP', end: (session: TestSession) => void session.child.kill('SIGHUP'), code: 129 },
    {
      how: 'SIGKILL',
      end: (session: TestSession) => void session.child.kill('SIGKILL'),
      code: null,
    },
  ])('$how', async ({ end, code }) => {
    const session = new TestSession();
    await startStubborn(session);
    expect(session.directories()).toHaveLength(1);
    end(session);
    expect(await session.exited).toBe(code);
    await expect.poll(alive, { timeout: 3000 }).toEqual([]);
    await expect.poll(() => session.directories(), { timeout: 3000 }).toEqual([]);
    rmSync(session.runtime, { recursive: true, force: true });
  });
});

claim('card/exits-with-session', async () => {
  const session = new TestSession();
  await session.call('ping');
  const [{ pid, socket } = {}] = session.events() as { pid?: number; socket?: string }[];
  expect(existsSync(String(socket))).toBe(true);
  await session.close();
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  expect(existsSync(String(socket))).toBe(false);
});

claim('security/sessions-share-nothing', async () => {
  const first = new TestSession({ env: { HF_TOKEN: 'hf_EXAMPLEfirstFirstFirstFirst0123456' } });
  const second = new TestSession({ env: { HF_TOKEN: 'hf_EXAMPLEsecondSecondSecond01234567' } });
  const names = (session: TestSession) =>
    session.call<{ credentials: { masked: string }[] }>('credentials');
  expect((await names(first)).credentials[0]?.masked).toBe('••••3456');
  expect((await names(second)).credentials[0]?.masked).toBe('••••4567');
  const { processId } = await first.start({ command: 'sleep 60' });
  expect((await second.ask('wait', { processId })).error).toMatchObject({ code: -32003 });
  await first.close();
  expect(await second.call('ping')).toMatchObject({ role: 'client' });
  await second.close();
});

describe('launch', () => {
  const launch = (args: string[], env: Record<string, string> = {}) =>
    spawnSync(synsc, ['launch', ...args], {
      env: cleanEnv({
        XDG_RUNTIME_DIR: marks,
        XDG_CONFIG_HOME: marks,
        XDG_DATA_HOME: marks,
        ...env,
      }),
      encoding: 'utf8',
      timeout: 20_000,
    });

  test.each([
    { says: "the command's own code", args: ['--no-sync', '--', 'sh', '-c', 'exit 9'], code: 9 },
    { says: '128+n for a signal', args: ['--no-sync', '--', 'sh', '-c', 'kill -9 $$'], code: 137 },
    { says: '127 not found', args: ['--no-sync', '--', 'no-such-program'], code: 127 },
    { says: '126 not executable', args: ['--no-sync', '--', '/etc/passwd'], code: 126 },
    {
      says: '3 not signed in',
      args: ['--', 'true'],
      code: 3,
      env: { SYNSC_DASHBOARD_URL: 'https://localhost:1' },
    },
    { says: '2 unknown flag', args: ['--no-such-flag'], code: 2 },
    {
      says: '125 socket path too long',
      args: ['--no-sync', '--', 'true'],
      code: 125,
      env: { XDG_RUNTIME_DIR: 'LONG' },
    },
  ])('exits $code: $says', ({ args, code, env }) => {
    const long = path.join(marks, 'x'.repeat(90));
    if (env && 'XDG_RUNTIME_DIR' in env) spawnSync('mkdir', ['-m', '700', long]);
    const result = launch(args, env && 'XDG_RUNTIME_DIR' in env ? { XDG_RUNTIME_DIR: long } : env);
    expect(result.status).toBe(code);
    if ([125, 126, 127, 3].includes(code)) expect(result.stderr).toMatch(/^synsc: .+\nhint: .+\n$/);
    expect(
      existsSync(path.join(marks, 'synsc')) ? readdirSync(path.join(marks, 'synsc')) : [],
    ).toEqual([]);
  });

  test('the command finds the session and no token', () => {
    const { stdout } = launch(['--no-sync', '--', 'env'], {
      SYNSC_TOKEN: 'synsc_x',
      HF_TOKEN: 'hf_EXAMPLE',
    });
    expect(stdout).toMatch(/^SYNSC_SOCKET=/m);
    expect(stdout).toMatch(/^SYNSC_SESSION=/m);
    expect(stdout).not.toMatch(/SYNSC_TOKEN|HF_TOKEN/);
  });

  test('a session socket that is gone is said by exec', () => {
    const result = spawnSync(synsc, ['exec', '--', 'true'], {
      env: cleanEnv({ SYNSC_SOCKET: path.join(marks, 'gone') }),
      encoding: 'utf8',
    });
    expect(result.status).toBe(125);
    expect(result.stderr).toContain('not running any more');
  });
});

test('a same-user process from outside may only ping and trigger a sync', async () => {
  const session = new TestSession();
  await session.call('ping');
  const [{ socket } = {}] = session.events() as { socket?: string }[];
  const { connect } = await import('../../protocol/client.ts');
  const client = await connect(String(socket));
  expect(await client.call('ping')).toMatchObject({ role: 'outside' });
  await expect(client.call('credentials')).rejects.toMatchObject({ code: -32001 });
  await expect(client.call('spawn', { argv: ['true'] })).rejects.toMatchObject({ code: -32001 });
  client.close();
  await session.close();
});

claim('security/no-daemon', async () => {
  const session = new TestSession();
  await session.run({ command: 'setsid sleep 300 & exit 0' });
  const [{ session: id } = {}] = session.events() as { session?: string }[];
  const running = () =>
    readdirSync('/proc').filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`SYNSC_SESSION=${id}`);
      } catch {
        return false; // no process, or gone
      }
    });
  expect(running().length).toBeGreaterThan(0);
  await session.close();
  expect(running()).toEqual([]);
});

claim('card/supervisor-per-session', async () => {
  const sessions = [new TestSession(), new TestSession()];
  await Promise.all(sessions.map((one) => one.call('ping')));
  const pids = sessions.map((one) => one.events()[0]?.pid);
  expect(new Set(pids).size).toBe(2);
  expect(pids).toEqual(sessions.map(({ child }) => child.pid));
  await Promise.all(sessions.map((one) => one.close()));
});
