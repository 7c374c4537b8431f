import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claim } from '../support/claim.ts';
import { cleanEnv, root, synsc, TestSession } from '../support/session.ts';

const value = 'hf_EXAMPLEonlyNotARealTokenAbCdEf012345';
/** Nobody in particular; who runs the tests may be root. */
const uid = process.getuid?.() === 0 ? 65_534 : undefined;
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;
let place: string;

beforeAll(() => {
  place = mkdtempSync(path.join(tmpdir(), 'faults-'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** A session of an ordinary user. */
function userSession(options: ConstructorParameters<typeof TestSession>[0] = {}): TestSession {
  const env = { HF_TOKEN: value, HOME: '/nonexistent', TSX_DISABLE_CACHE: '1', ...options.env };
  return new TestSession({ ...options, uid, env });
}

async function givesAndRedacts(session: TestSession): Promise<void> {
  const script = path.join(session.runtime, 'show.py');
  writeFileSync(script, 'import os\nprint(len(os.environ["HF_TOKEN"]), os.environ["HF_TOKEN"])\n');
  const { stdout } = await session.run({ argv: ['python3', script] });
  expect(stdout).toBe(`${value.length} [REDACTED]\n`);
}

describe('a session works', () => {
  test.skipIf(!hasPrlimit)('without any memory that may be locked (needs prlimit)', async () => {
    const session = userSession({ wrap: ['prlimit', '--memlock=0'] });
    await givesAndRedacts(session);
    await session.close();
  });

  test('with a home directory that it may not write, or that is not there', async () => {
    for (const HOME of ['/proc', '/nonexistent']) {
      const session = userSession({ env: { HOME } });
      await givesAndRedacts(session);
      await session.close();
    }
  });

  test.skipIf(!hasPrlimit)(
    'when not even a failure can be described: no file can be opened (needs prlimit)',
    async () => {
      const session = userSession();
      await session.call('ping');
      const limit = (files: string) =>
        spawnSync('prlimit', ['--pid', String(session.events()[0]?.pid), `--nofile=${files}`], {
          ...(uid !== undefined && { uid, gid: uid }),
        }).status;
      expect(limit('3:1000')).toBe(0);
      const { error } = await session.ask('rpc.discover');
      expect(error).toMatchObject({ data: { code: 'SYSTEM', hint: expect.stringMatching(/-n/) } });
      expect(await session.call('ping')).toMatchObject({ role: 'client' });
      expect(limit('1000:1000')).toBe(0);
      expect(await session.call('rpc.discover')).toMatchObject({ openrpc: expect.anything() });
      await givesAndRedacts(session);
      await session.close();
    },
    60_000,
  );

  test.skipIf(!hasPrlimit)(
    'at the limit of open files: says so, and goes on when there are some again',
    async () => {
      const session = userSession({ wrap: ['prlimit', '--nofile=200:200'] });
      const { processId } = await session.start({ argv: ['sleep', '600'] });
      const started = [processId];
      let refused: unknown;
      while (refused === undefined && started.length < 128) {
        const answer = await session.ask('spawn', { argv: ['sleep', '600'], background: true });
        if (answer.error === undefined) {
          started.push((answer.result as { processId: string }).processId);
        } else refused = answer.error;
      }
      expect(refused).toMatchObject({ code: -32004, data: { code: 'LIMIT' } });
      for (const id of started) await session.call('release', { processId: id });
      await expect
        .poll(async () => (await session.ask('spawn', { argv: ['echo', 'again'] })).result, {
          timeout: 20_000,
        })
        .toMatchObject({ stdout: 'again\n' });
      await session.close();
    },
    60_000,
  );
});

describe.each(['a FIFO', 'a device'])('%s that never ends', (kind) => {
  function endless(): string {
    const file = path.join(mkdtempSync(path.join(place, 'endless-')), 'config.json');
    if (kind === 'a device') symlinkSync('/dev/zero', file);
    else expect(spawnSync('mkfifo', [file]).status).toBe(0);
    return file;
  }
  const launch = (env: Record<string, string>) =>
    spawnSync(synsc, ['launch', '--no-sync', '--', 'echo', 'ran'], {
      env: cleanEnv({ XDG_RUNTIME_DIR: mkdtempSync(path.join(place, 'runtime-')), ...env }),
      ...{ encoding: 'utf8', timeout: 30_000, killSignal: 'SIGKILL' },
    });

  test('is no settings file', () => {
    const XDG_CONFIG_HOME = mkdtempSync(path.join(place, 'config-'));
    const settings = path.join(XDG_CONFIG_HOME, 'synsc');
    symlinkSync(path.dirname(endless()), settings);
    const { status, stderr } = launch({ XDG_CONFIG_HOME });
    expect([status, stderr]).toEqual([2, expect.stringContaining(`cannot read ${settings}`)]);
  });

  test('is no list of further authorities', () => {
    const { status, stderr } = spawnSync(synsc, ['launch', '--', 'true'], {
      env: cleanEnv({
        SYNSC_NXCA: endless(), // as the entry script passes NODE_EXTRA_CA_CERTS on
        ...{ SYNSC_TOKEN: 'synsc_EXAMPLE', SYNSC_DASHBOARD_URL: 'https://localhost:1' },
        ...{ XDG_DATA_HOME: place, XDG_CONFIG_HOME: place },
        XDG_RUNTIME_DIR: mkdtempSync(path.join(place, 'runtime-')),
      }),
      ...{ encoding: 'utf8', timeout: 30_000, killSignal: 'SIGKILL' },
    });
    expect([status, stderr]).toEqual([125, expect.stringContaining('ECONNREFUSED')]);
  });

  test('is no lock that anybody waits for', () => {
    const file = endless();
    const runtime = mkdtempSync(path.join(place, 'runtime-'));
    mkdirSync(path.join(runtime, 'synsc'), { mode: 0o700 });
    renameSync(file, path.join(runtime, 'synsc', 'refresh.lock'));
    const work = `import('${root}/src/account/refresh-lock.ts').then(({ oneAtATime }) =>
      oneAtATime(process.env, async () => console.log('worked')))`;
    const tsx = `${root}/node_modules/tsx/dist/loader.mjs`;
    const { stdout } = spawnSync(process.execPath, ['--import', tsx, '-e', work], {
      env: cleanEnv({ XDG_RUNTIME_DIR: runtime }),
      ...{ encoding: 'utf8', timeout: 30_000, killSignal: 'SIGKILL' },
    });
    expect(stdout).toBe('worked\n');
  });

  test('is no key', () => {
    const { status, stdout } = launch({ GOOGLE_APPLICATION_CREDENTIALS: endless() });
    expect([status, stdout]).toEqual([0, 'ran\n']);
  });
});

test("the command's own exit code counts also where its end can't be reported", () => {
  const events = path.join(mkdtempSync(path.join(place, 'events-')), 'file');
  const command = ['sh', '-c', `rm '${events}'; mkdir '${events}'; exit 5`];
  const words = ['launch', '--no-sync', '--json-events', events, '--', ...command];
  const env = cleanEnv({ XDG_RUNTIME_DIR: mkdtempSync(path.join(place, 'runtime-')) });
  const { status, stderr } = spawnSync(synsc, words, { env, encoding: 'utf8' });
  expect([status, stderr]).toEqual([5, expect.stringContaining('--json-events cannot be written')]);
});

test('events go to a FIFO that is read; one that nobody reads is refused at once', async () => {
  const fifo = path.join(mkdtempSync(path.join(place, 'fifo-')), 'events');
  spawnSync('mkfifo', [fifo]);
  const words = ['launch', '--no-sync', '--json-events', fifo, '--', 'true'];
  const env = cleanEnv({ XDG_RUNTIME_DIR: mkdtempSync(path.join(place, 'runtime-')) });
  const unread = spawnSync(synsc, words, { env, encoding: 'utf8', timeout: 30_000 });
  expect([unread.status, unread.stderr]).toEqual([
    2,
    expect.stringContaining('--json-events cannot be written'),
  ]);
  const text = `exec 9<>'${fifo}'; "$@"; head -n 2 <&9`;
  const read = spawnSync('sh', ['-c', text, 'sh', synsc, ...words], { env, encoding: 'utf8' });
  const events = read.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(events).toMatchObject([{ event: 'ready' }, { event: 'exit', exitCode: 0 }]);
});

describe('doctor says what a machine lacks', () => {
  const doctor = (...wrap: string[]) => {
    const [program = synsc, ...words] = [...wrap, synsc, 'doctor', '--json'];
    const { stdout } = spawnSync(program, words, {
      env: cleanEnv({ XDG_RUNTIME_DIR: place, HOME: '/nonexistent', TSX_DISABLE_CACHE: '1' }),
      encoding: 'utf8',
      ...(uid !== undefined && { uid, gid: uid }),
    });
    return (JSON.parse(stdout) as { checks: { name: string; ok: boolean }[] }).checks;
  };

  test.skipIf(!hasPrlimit)('no memory that may be locked (needs prlimit)', () => {
    expect(doctor('prlimit', '--memlock=0')).toContainEqual(
      expect.objectContaining({ name: 'values', ok: false }),
    );
  });
});

describe('a part that is not installed', () => {
  const without = (ABSENT: string, ...args: string[]) =>
    spawnSync(synsc, args, {
      env: cleanEnv({
        ABSENT,
        NODE_OPTIONS: `--require ${root}/test/support/absent.cjs`,
        XDG_RUNTIME_DIR: place,
        XDG_CONFIG_HOME: place,
      }),
      encoding: 'utf8',
    });

  test('native calls: no session starts, and it is said how to get them', () => {
    const { status, stdout, stderr } = without('koffi', 'launch', '--no-sync', '--', 'echo', 'ran');
    expect([status, stdout]).toEqual([125, '']);
    expect(stderr).toMatch(/^synsc: .*koffi.*\nhint: .+\n$/);
    expect(readdirSync(place).filter((name) => name === 'synsc')).toEqual([]);
  });

  test('terminals: commands run on pipes', () => {
    const { status, stdout } = without('@lydell/', 'launch', '--no-sync', '--', 'echo', 'ran');
    expect([status, stdout]).toEqual([0, 'ran\n']);
    expect(without('@lydell/', 'doctor').stdout).toMatch(/^no {2}terminal: .*@lydell\/node-pty/m);
  });
});

describe('a process of the same user', () => {
  let session: TestSession;
  let pid: number;
  beforeAll(async () => {
    session = userSession();
    await session.call('ping');
    pid = Number(session.events()[0]?.pid);
  });
  afterAll(() => session.close());

  const asUser = (program: string, ...args: string[]) =>
    spawnSync(program, args, {
      encoding: 'utf8',
      env: cleanEnv(),
      ...(uid !== undefined && { uid, gid: uid }),
    });

  test.each(['mem', 'environ', 'fd', 'maps', 'auxv', 'map_files'])("can't read its %s", (file) => {
    const script =
      'my $f = shift; print((-d $f ? opendir(my $d, $f) : open(my $h, "<", $f)) ? "open" : "$!")';
    expect(asUser('perl', '-e', script, `/proc/${pid}/${file}`).stdout).toBe('Permission denied');
  });

  // it can't trace it, read its memory by a system call, or dump its core
  claim('credentials/no-memory-dumps', () => {
    const script = `
      my %calls = (x86_64 => [101, 310], aarch64 => [117, 270]);
      my ($ptrace, $readv) = @{$calls{(split ' ', \`uname -m\`)[0]}};
      my ($here, $buffer) = (1, "\\0" x 8);
      print syscall($ptrace, 16, $ARGV[0] + 0, 0, 0) == 0 ? "traced" : "$!", "; ";
      my $local = pack "P Q", $buffer, 8;
      my $remote = pack "Q Q", 4194304, 8;
      print syscall($readv, $ARGV[0] + 0, $local, 1, $remote, 1, 0) > 0 ? "read" : "$!";`;
    const denied = 'Operation not permitted';
    expect(asUser('perl', '-e', script, String(pid)).stdout).toBe(`${denied}; ${denied}`);
    const { status } = spawnSync('gcore', ['-o', path.join(place, 'core'), String(pid)], {
      ...(uid !== undefined && { uid, gid: uid }),
    });
    expect(status).not.toBe(0); // also where there is no gdb
    expect(readdirSync(place).filter((name) => name.startsWith('core'))).toEqual([]);
  });

  test('opens no inspector by a signal', async () => {
    asUser('kill', '-USR1', String(pid));
    await session.call('ping');
    const refused = await new Promise((resolve) => {
      connect(9229, '127.0.0.1')
        .once('connect', () => resolve(false))
        .once('error', () => resolve(true));
    });
    expect(refused).toBe(true);
    expect(session.stderr).toBe('');
  });
});

const canUnshare =
  spawnSync('unshare', ['-rmpf', 'mount', '-t', 'tmpfs', 'none', '/proc']).status === 0;

test.skipIf(!canUnshare).each([
  ['shows the processes of another namespace', '-rpf', ''],
  ['is not there', '-rm', 'mount -t tmpfs none /proc && '],
])('no session starts where /proc %s (needs unshare)', (_, flags, before) => {
  const launch = [synsc, 'launch', '--no-sync', '--', 'echo', 'ran'];
  const words = [flags, 'sh', '-c', `${before}exec "$@"`, 'sh', ...launch];
  const { status, stdout, stderr } = spawnSync('unshare', words, {
    env: cleanEnv({ XDG_RUNTIME_DIR: mkdtempSync(path.join(place, 'runtime-')) }),
    ...{ encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL' },
  });
  expect([status, stdout]).toEqual([125, '']);
  expect(stderr).toMatch(/^synsc: \/proc does not show .+\nhint: mount it: .+\n$/);
});

test('a session that can not come to be is a failure, also where Node sees nothing left to do', () => {
  const { status, stdout, stderr } = spawnSync(
    synsc,
    ['launch', '--no-sync', '--', 'echo', 'ran'],
    {
      // Node takes it for a worker of `node:cluster`: its sockets wait for an answer that nobody gives
      env: cleanEnv({
        NODE_UNIQUE_ID: '1',
        XDG_RUNTIME_DIR: mkdtempSync(path.join(place, 'runtime-')),
      }),
      ...{ encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL' },
    },
  );
  expect([status, stdout]).toEqual([125, '']);
  expect(stderr).toMatch(/^synsc: .+ did not come to an end\nhint: .+\n$/);
});

describe('a session that others could look into does not start', () => {
  test.each([
    '--inspect=0',
    '--heapsnapshot-signal=SIGUSR2',
    '--heap-prof',
    '--report-on-signal',
    '--tls-keylog=keys',
  ])('NODE_OPTIONS=%s', (option) => {
    const { status, stdout, stderr } = spawnSync(
      synsc,
      ['launch', '--no-sync', '--', 'echo', 'ran'],
      {
        cwd: place,
        env: cleanEnv({ NODE_OPTIONS: option, XDG_RUNTIME_DIR: place, HF_TOKEN: value }),
        encoding: 'utf8',
        timeout: 20_000,
      },
    );
    expect([status, stdout]).toEqual([125, '']);
    expect(stderr).toContain(`synsc: ${option.replace(/=.*/, '')} would show`);
  });
});
