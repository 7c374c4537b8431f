import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stateOf } from '../../src/platform/peer.ts';
import { memoryPlace } from '../../src/platform/runtime-dir.ts';
import { isTmpfs } from '../../src/platform/tmpfs.ts';
import { claim } from '../support/claim.ts';
import {
  childrenOf,
  holding,
  killWatchdog,
  runningWith,
  watchdogOf,
} from '../support/processes.ts';
import { cleanEnv, root, synsc, TestSession } from '../support/session.ts';

/** What a loaded machine may take; the promise is a second. */
const patience = { timeout: 20_000 };
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;
let place: string;

beforeAll(() => {
  place = mkdtempSync(path.join(tmpdir(), 'death-'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** A program that never ends by itself, with a name of its own. */
function program(name: string, text: string): string {
  const file = path.join(place, name);
  writeFileSync(file, text, { mode: 0o755 });
  return file;
}
const sleeper = (name: string) =>
  program(name, '#!/bin/bash\ntrap "" TERM HUP\nwhile :; do sleep 0.2; done\n');

/** Starts daemon after daemon, each without environment, parent or session. */
const breeder = (name: string) =>
  program(
    name,
    `#!/usr/bin/perl
use POSIX; $SIG{CHLD} = 'IGNORE';
for (1 .. 400) {
  unless (fork) { setsid; %ENV = (); fork and exit; exec '/bin/sh', '${sleeper(`${name}-daemon`)}' }
  select undef, undef, undef, 0.02;
}
sleep 1000;
`,
  );

async function opened(options: ConstructorParameters<typeof TestSession>[0] = {}) {
  const session = new TestSession(options);
  await session.call('ping');
  return { session, pid: session.child.pid ?? 0 };
}

async function everythingIsGone(session: TestSession, name: string): Promise<void> {
  await expect.poll(() => runningWith(path.join(place, name)), patience).toEqual([]);
  await expect.poll(() => session.directories(), patience).toEqual([]);
  rmSync(session.runtime, { recursive: true, force: true });
}

describe('a tree that keeps forking daemons without environment ends', () => {
  test.each(['SIGTERM', 'SIGKILL', 'SIGABRT'] as const)(
    'with a session that gets %s',
    async (signal) => {
      const name = `breeder-${signal}`;
      const { session } = await opened();
      await session.start({ command: `env -i /usr/bin/setsid ${breeder(name)} & exit 0` });
      await expect.poll(() => runningWith(`${name}-daemon`).length, patience).toBeGreaterThan(5);
      session.child.kill(signal);
      await session.exited;
      await everythingIsGone(session, name);
    },
    60_000,
  );
});

/** Ten processes that each fork one that takes its place, a thousand times a second, and write that they live. */
const hopper = (name: string) =>
  program(
    name,
    `#!/usr/bin/perl
use POSIX; $SIG{CHLD} = $SIG{TERM} = $SIG{HUP} = 'IGNORE';
open my $beat, '>>', '${path.join(place, `${name}-beat`)}';
for (1 .. 10) {
  next if fork;
  for (;;) { setsid; %ENV = (); fork and POSIX::_exit(0); syswrite $beat, '.'; select undef, undef, undef, 0.001 }
}
`,
  );

describe('processes that fork and end at once, so that none is there for long, end', () => {
  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'with a session that gets %s',
    async (signal) => {
      const name = `hopper-${signal}`;
      const beats = () => statSync(path.join(place, `${name}-beat`)).size;
      const { session } = await opened();
      await session.start({ command: `env -i ${hopper(name)}` });
      await expect.poll(beats, patience).toBeGreaterThan(100);
      session.child.kill(signal);
      await session.exited;
      await expect.poll(() => session.directories(), patience).toEqual([]);
      const quiet = async () => {
        const before = beats();
        await delay(500);
        return beats() - before;
      };
      await expect.poll(quiet, patience).toBe(0);
      rmSync(session.runtime, { recursive: true, force: true });
    },
    60_000,
  );
});

test.skipIf(process.getuid?.() !== 0 || !hasPrlimit)(
  'a killed session is cleaned up also where no process may be started any more (needs root and prlimit)',
  async () => {
    const uid = 60_317; // nobody else counts against its limit
    const env = { HOME: '/nonexistent', TSX_DISABLE_CACHE: '1' };
    const session = new TestSession({ uid, env, wrap: ['prlimit', '--nproc=120'] });
    await session.call('ping');
    await session.start({
      argv: ['perl', '-e', `for (1 .. 200) { fork or exec 'setsid', 'sleep', '7004.5' } sleep 600`],
    });
    await expect.poll(() => runningWith('7004.5').length, patience).toBeGreaterThan(20);
    session.child.kill('SIGKILL');
    await session.exited;
    await expect.poll(() => runningWith('7004.5'), patience).toEqual([]);
    await expect.poll(() => session.directories(), patience).toEqual([]);
    rmSync(session.runtime, { recursive: true, force: true });
  },
  60_000,
);

test('a session whose time of day is set back while it ends does end', async () => {
  const { session } = await opened({
    env: { LEAP: '-600000', NODE_OPTIONS: `--require ${root}/test/support/leaping-clock.cjs` },
  });
  await session.start({ argv: [sleeper('waited-for')] });
  await expect.poll(() => runningWith('/waited-for').length, patience).toBe(1);
  session.child.kill('SIGTERM');
  await everythingIsGone(session, 'waited-for');
  expect(await session.exited).toBe(143);
});

claim(
  'credentials/gone-at-end',
  async () => {
    const value = 'hf_EXAMPLEheldByOneCommand0123456789ab';
    const file = path.join(place, 'wait.py');
    writeFileSync(file, 'import subprocess\nsubprocess.run(["setsid", "sleep", "600"])\n');
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const { session } = await opened({ env: { HF_TOKEN: value } });
      await session.start({ argv: ['python3', file] });
      await expect.poll(() => holding(value).length, patience).toBeGreaterThan(1);
      session.child.kill(signal);
      await session.exited;
      await expect.poll(() => holding(value), patience).toEqual([]);
      await everythingIsGone(session, 'none');
    }
  },
  60_000,
);

test('a daemon that has cleared all that it can but the limits ends with its session', async () => {
  const name = 'stranger';
  const stranger = program(
    `${name}-program`,
    `#!/usr/bin/perl
use POSIX; setsid; fork and exit;
system 'prlimit', '--rttime=unlimited', '--pid', $$;
$0 = "a) S 1\n(${name}-daemon"; # its name in /proc/PID/stat
sleep 1000;
`,
  );
  const { session } = await opened();
  await session.start({ argv: ['/usr/bin/env', '-i', 'PATH=/usr/bin:/bin', stranger] });
  await expect.poll(() => runningWith(`${name}-daemon`).length, patience).toBe(1);
  process.kill(watchdogOf(session.child.pid ?? 0) ?? 0, 'SIGSTOP'); // it is woken up
  await session.call('ping');
  await session.start({ command: 'true' });
  session.child.kill('SIGKILL');
  await expect.poll(() => runningWith(`${name}-daemon`), patience).toEqual([]);
  await everythingIsGone(session, name);
});

test('sessions that come and go at once take nothing of each other', async () => {
  const runtime = mkdtempSync(path.join(place, 'many-'));
  const launch = () =>
    new Promise<[number | null, string]>((resolve) => {
      const env = cleanEnv({ XDG_RUNTIME_DIR: runtime });
      execFile(synsc, ['launch', '--no-sync', '--', 'true'], { env }, (error, _out, words) =>
        resolve([typeof error?.code === 'number' ? error.code : 0, words]),
      );
    });
  const waves = Array.from({ length: 8 }, async () => [await launch(), await launch()]);
  for (const ended of (await Promise.all(waves)).flat()) expect(ended).toEqual([0, '']);
  expect(readdirSync(path.join(runtime, 'synsc'))).toEqual([]);
  expect(holding(runtime)).toEqual([]); // a watchdog goes before its session does
}, 240_000);

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'directories that a command closed by their mode go all the same (%s)',
  async (signal) => {
    const { session } = await opened();
    const close = 'chmod 000 "$SYNSC_SHIMS"; chmod 500 "$(dirname "$SYNSC_SOCKET")"';
    await session.run({ command: close });
    session.child.kill(signal);
    await session.exited;
    await everythingIsGone(session, 'none');
  },
);

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'what a link leads to that took the place of its directory stays (%s)',
  async (signal) => {
    const { session } = await opened();
    const precious = mkdtempSync(path.join(place, 'precious-'));
    writeFileSync(path.join(precious, 'file'), 'of the user');
    const swap = `D=$(dirname "$SYNSC_SOCKET"); mv "$D" '${place}'; ln -s '${precious}' "$D"`;
    await session.run({ command: swap });
    session.child.kill(signal);
    await session.exited;
    await everythingIsGone(session, 'none');
    expect(readdirSync(precious)).toEqual(['file']);
  },
);

test('an aborted session leaves no core file', async () => {
  const { session } = await opened();
  session.child.kill('SIGABRT');
  await session.exited;
  expect(readdirSync(session.runtime).filter((name) => name.startsWith('core'))).toEqual([]);
  await everythingIsGone(session, 'none');
});

describe('the watchdog', () => {
  test('tells other users nothing of its session, and is spared by `pkill -KILL -f synsc`', async () => {
    const { session, pid } = await opened();
    await expect.poll(() => watchdogOf(pid), patience).toBeDefined();
    const [id = ''] = session.directories();
    for (const text of [id, 'synsc']) expect(runningWith(text)).not.toContain(watchdogOf(pid));
    await session.close();
  });

  test('that somebody has stopped does its work all the same', async () => {
    const { session, pid } = await opened();
    await session.start({ command: `env -i /usr/bin/setsid ${sleeper('woken')} & exit 0` });
    await expect.poll(() => runningWith('/woken').length, patience).toBe(1);
    process.kill(watchdogOf(pid) ?? 0, 'SIGSTOP');
    session.child.kill('SIGKILL');
    await everythingIsGone(session, 'woken');
  });

  test('is replaced when it is killed, and the next one does its work', async () => {
    const { session, pid } = await opened();
    const first = killWatchdog(pid);
    await expect.poll(() => watchdogOf(pid), patience).not.toBe(first);
    await expect.poll(() => watchdogOf(pid), patience).toBeDefined();
    await session.start({ command: `env -i /usr/bin/setsid ${sleeper('second')} & exit 0` });
    await expect.poll(() => runningWith('/second').length, patience).toBe(1);
    session.child.kill('SIGKILL');
    await everythingIsGone(session, 'second');
  });

  test('goes with its session, and takes nothing of another one', async () => {
    const [{ session: first, pid }, { session: second }] = await Promise.all([opened(), opened()]);
    await second.start({ argv: [sleeper('other')] });
    await expect.poll(() => runningWith('/other').length, patience).toBe(1);
    const watchdog = watchdogOf(pid) ?? 0;
    await first.close();
    await expect.poll(() => existsSync(`/proc/${watchdog}`), patience).toBe(false);
    expect(runningWith('/other')).toHaveLength(1);
    expect(await second.call('ping')).toMatchObject({ role: 'client' });
    await second.close();
  });
});

/** Freezes a session first, so that it can't replace its watchdog. */
async function killWithWatchdog(session: TestSession, pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  killWatchdog(pid);
  process.kill(pid, 'SIGKILL');
  await session.exited;
}

const usesGoogle = () => {
  const file = path.join(place, 'google.py');
  writeFileSync(file, 'try:\n  import google.cloud.storage\nexcept ImportError: pass\n');
  return file;
};

test('what a session and its watchdog left when both were killed is cleaned up by the next start', async () => {
  const key = path.join(place, 'key.json');
  writeFileSync(key, '{}');
  const env = { GOOGLE_APPLICATION_CREDENTIALS: key };
  const { session: dead, pid } = await opened({ env });
  await dead.run({ argv: ['python3', usesGoogle()] });
  await dead.start({ command: `env -i /usr/bin/setsid ${sleeper('left')} & exit 0` });
  await expect.poll(() => runningWith('/left').length, patience).toBe(1);
  const [id = ''] = dead.directories();
  const memory = memoryPlace(id, process.getuid?.() ?? 0);
  expect(existsSync(memory)).toBe(!isTmpfs(dead.runtime));
  await killWithWatchdog(dead, pid);
  expect(dead.directories()).toEqual([id]);

  const { session: live } = await opened({ runtime: dead.runtime });
  const { session: next } = await opened({ runtime: dead.runtime });
  await expect.poll(() => dead.directories(), patience).not.toContain(id);
  await expect.poll(() => existsSync(memory), patience).toBe(false);
  await expect.poll(() => runningWith('/left'), patience).toEqual([]);
  expect(dead.directories()).toHaveLength(2);
  expect(await live.call('ping')).toMatchObject({ role: 'client' });
  next.child.stdin?.end();
  await next.exited;
  await live.close();
});

test('orphans that end while the session runs leave no zombies', async () => {
  const { session, pid } = await opened();
  const { exitCode } = await session.run({
    command: 'for i in $(seq 30); do (setsid sleep 0.1 &) ; done; exit 3',
  });
  expect(exitCode).toBe(3);
  await session.run({ argv: ['sleep', '0.3'] });
  const zombies = () => childrenOf(pid).filter((child) => stateOf(child) === 'Z');
  await expect.poll(zombies, patience).toEqual([]);
  await session.close();
});
