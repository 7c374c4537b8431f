import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cleanEnv, synsc } from '../support/session.ts';

/** Nobody in particular; who runs the tests may be root. */
const uid = process.getuid?.() === 0 ? 65_534 : undefined;
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;
let runtime: string;

beforeEach(() => {
  runtime = mkdtempSync(path.join(tmpdir(), 'refused-'));
  if (uid !== undefined) chownSync(runtime, uid, uid);
});
afterEach(() => rmSync(runtime, { recursive: true, force: true }));

interface Options {
  readonly wrap?: readonly string[];
  readonly stdout?: number;
  readonly cwd?: string;
  readonly env?: Record<string, string>;
}

/** The command line of an ordinary user. */
function run(args: readonly string[], { wrap = [], stdout, cwd = '/', env }: Options = {}) {
  const [program = synsc, ...words] = [...wrap, synsc, ...args];
  const ended = spawnSync(program, words, {
    cwd,
    env: {
      ...cleanEnv({ HOME: runtime, XDG_RUNTIME_DIR: runtime, TSX_DISABLE_CACHE: '1' }),
      ...env,
    },
    encoding: 'utf8',
    stdio: ['ignore', stdout ?? 'pipe', 'pipe'],
    ...(uid !== undefined && { uid, gid: uid }),
  });
  return { ...ended, left: left() };
}

function left(): string[] {
  return readdirSync(runtime).includes('synsc') ? readdirSync(path.join(runtime, 'synsc')) : [];
}

describe('what the machine refuses is said, with what to do, and leaves nothing', () => {
  test.skipIf(!hasPrlimit)('files of any size (needs prlimit)', () => {
    const { status, stderr, left } = run(['launch', '--no-sync', '--', 'true'], {
      wrap: ['prlimit', '--fsize=0'],
    });
    expect(status).toBe(125);
    expect(stderr).toMatch(/^synsc: EFBIG: .+\nhint: raise the limit of file sizes.+\n$/);
    expect(left).toEqual([]);
  });

  test.each([
    ['launch', '--no-sync', '--', 'echo', 'lost'],
    ['exec', '--no-sync', '--', 'echo', 'lost'],
    ['exec', '--no-sync', '--json', '--', 'echo', 'lost'],
    ['--help'],
  ])('room for its output: %s %s %s', (...args) => {
    const { status, stderr, left } = run(args, { stdout: openSync('/dev/full', 'w') });
    expect(status).toBe(125);
    expect(stderr).toMatch(/^synsc: ENOSPC: .+\nhint: free some space there\n$/);
    expect(left).toEqual([]);
  });
});

test('a word that is not UTF-8 is refused, before another one runs in its place', () => {
  const line = `${synsc} launch --no-sync -- printf %s $'caf\\xe9'; echo " $?"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', line], {
    env: cleanEnv({ XDG_RUNTIME_DIR: runtime }),
    encoding: 'utf8',
  });
  expect(stdout).toBe(' 2\n');
  expect(stderr).toMatch(/^synsc: an argument is not UTF-8 text\nhint: .+\n$/);
  const hinted = run(['exec', '--no-sync', '-c', "printf %s $'caf\\xe9' | wc -c; printf '\ufffd'"]);
  expect(hinted).toMatchObject({ status: 0, stdout: '4\n\ufffd' });
});

test('a user without a home, in no list of users, has a session', () => {
  const { HOME: _home, ...env } = cleanEnv({ XDG_RUNTIME_DIR: runtime, TSX_DISABLE_CACHE: '1' });
  const stranger = process.getuid?.() === 0 ? 54_321 : undefined;
  if (stranger !== undefined) chownSync(runtime, stranger, stranger);
  const { status, stdout, stderr } = spawnSync(
    synsc,
    ['launch', '--no-sync', '--', 'echo', 'ran'],
    {
      env,
      encoding: 'utf8',
      ...(stranger !== undefined && { uid: stranger, gid: stranger }),
    },
  );
  expect([status, stdout, stderr]).toEqual([0, 'ran\n', '']);
});

describe('a program that may not be reached is told from one that is not there', () => {
  test.skipIf(uid === undefined)('(needs root, to close a directory)', () => {
    const closed = path.join(runtime, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const launch = (program: string) => run(['launch', '--no-sync', '--', program]).status;
    expect(launch(path.join(closed, 'program'))).toBe(126);
    expect(launch(path.join(runtime, 'program'))).toBe(127);
    // like shells do, a place in PATH that is closed is passed over
    const env = { PATH: `${closed}:${process.env.PATH}` };
    expect(run(['launch', '--no-sync', '--', 'no-such-program'], { env }).status).toBe(127);
    expect(run(['launch', '--no-sync', '--', 'true'], { env }).status).toBe(0);
  });
});
