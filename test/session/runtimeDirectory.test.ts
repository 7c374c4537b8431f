import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { removeTree, reserveDescriptor } from '../../src/platform/files.ts';
import { parentOf, peerOf, startTimeOf, stateOf } from '../../src/platform/peer.ts';
import {
  createSessionDirectory,
  removeSessionDirectory,
  removeStale,
  sessionSockets,
} from '../../src/platform/runtime-dir.ts';
import { withoutDescriptors } from '../support/descriptors.ts';

const runtime = mkdtempSync(join(tmpdir(), 'synsc-runtime-'));
const env = { XDG_RUNTIME_DIR: runtime };
const uid = process.getuid?.() ?? 0;
afterAll(() => rmSync(runtime, { recursive: true, force: true }));

test('a session directory is private, listed while it lives, and gone after', async () => {
  const session = createSessionDirectory(env, uid);
  expect(statSync(session.directory).mode & 0o777).toBe(0o700);
  const server = createServer().listen(session.socketPath);
  await new Promise((resolve) => server.once('listening', resolve));
  expect(sessionSockets(env, uid)).toContain(session.socketPath);
  expect(await removeStale(env, uid)).not.toContain(session.directory);
  server.close();
  removeSessionDirectory(session);
  expect(existsSync(session.directory)).toBe(false);
});

test('a parent directory that others may enter is refused', () => {
  chmodSync(join(runtime, 'synsc'), 0o755);
  expect(() => createSessionDirectory(env, uid)).toThrow(
    expect.objectContaining({ code: 'UNSAFE_DIRECTORY' }),
  );
  chmodSync(join(runtime, 'synsc'), 0o700);
});

test('a place that others could put something else in is refused', () => {
  const open = join(runtime, 'open');
  const below = join(open, 'below');
  mkdirSync(below, { recursive: true });
  const create = () => createSessionDirectory({ XDG_RUNTIME_DIR: below }, uid);
  chmodSync(open, 0o777);
  expect(create).toThrow(
    expect.objectContaining({ code: 'UNSAFE_DIRECTORY', message: `others can change ${open}` }),
  );
  chmodSync(open, 0o1777); // as /tmp is
  expect(create().directory).toContain(below);
});

test.each(['a:b', 'a\nb', ''])('a place that can not stand in PATH is passed over: %j', (name) => {
  const odd = name && join(runtime, name);
  if (odd !== '') mkdirSync(odd, { mode: 0o700 });
  const TMPDIR = join(runtime, `instead-${name.length}-${name.charCodeAt(1)}`);
  mkdirSync(TMPDIR, { mode: 0o700 });
  const { directory } = createSessionDirectory({ XDG_RUNTIME_DIR: odd, TMPDIR }, uid);
  expect(directory).toContain(TMPDIR);
});

test('what somebody else put beside the sessions keeps none from starting, and ends nothing', async () => {
  const parent = join(runtime, 'synsc');
  const dead = (id: string) => {
    mkdirSync(join(parent, id), { mode: 0o700 });
    return join(parent, id, 'pid');
  };
  expect(spawnSync('mkfifo', [dead('fifofifofi')]).status).toBe(0);
  symlinkSync('/dev/zero', dead('zerozeroze'));
  writeFileSync(dead('longlonglo'), '9'.repeat(10_000));
  symlinkSync(tmpdir(), join(parent, 'linklinkli'));
  const bystander = spawn('bash', ['-c', 'ulimit -S -i 3217 && exec sleep 600']);
  const limits = () => readFileSync(`/proc/${bystander.pid}/limits`, 'latin1');
  await expect.poll(limits, { timeout: 20_000 }).toContain(' 3217 ');
  // such a word is in the limits of others too, as `unlimited` is in those of all
  writeFileSync(dead('markmarkma'), '4194305\n1\n/nonexistent\n3217\n');
  expect(await removeStale(env, uid)).toEqual([join(parent, 'markmarkma')]);
  expect(stateOf(bystander.pid ?? 0)).toBe('S');
  expect(existsSync(tmpdir())).toBe(true);
  bystander.kill();
});

test('a socket path beyond 103 bytes is refused', () => {
  const long = join(runtime, 'x'.repeat(100));
  mkdirSync(long, { mode: 0o700 });
  expect(() => createSessionDirectory({ XDG_RUNTIME_DIR: long }, uid)).toThrow(
    expect.objectContaining({ code: 'SOCKET_PATH_TOO_LONG' }),
  );
});

test('a directory goes also where no further file can be opened', async () => {
  const directory = join(runtime, 'full');
  mkdirSync(join(directory, 'below'), { recursive: true });
  writeFileSync(join(directory, 'below', 'file'), '');
  reserveDescriptor();
  await withoutDescriptors(() => removeTree(directory));
  expect(existsSync(directory)).toBe(false);
});

test('the kernel names parents and start times of processes', () => {
  expect(parentOf(process.pid)).toBe(process.ppid);
  expect(startTimeOf(process.pid)).toBeDefined();
});

test('the kernel names the process at the other end of a socket', async () => {
  const path = join(runtime, 'peer');
  const server = createServer().listen(path);
  const accepted = new Promise<ReturnType<typeof peerOf>>((resolve) => {
    server.once('connection', (socket) => {
      resolve(peerOf(socket));
      socket.destroy();
    });
  });
  connect(path).on('error', () => undefined);
  expect(await accepted).toMatchObject({ pid: process.pid, uid });
  server.close();
});
