import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { codeOf } from '../../src/errors.ts';
import { removeTree, reserveDescriptor } from '../../src/platform/files.ts';
import { libc } from '../../src/platform/native.ts';
import { parentOf, peerOf, startTimeOf } from '../../src/platform/peer.ts';
import {
  createSessionDirectory,
  removeSessionDirectory,
  removeStale,
  sessionSockets,
} from '../../src/platform/runtime-dir.ts';

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

test('a socket path beyond 103 bytes is refused', () => {
  const long = join(runtime, 'x'.repeat(100));
  mkdirSync(long, { mode: 0o700 });
  expect(() => createSessionDirectory({ XDG_RUNTIME_DIR: long }, uid)).toThrow(
    expect.objectContaining({ code: 'SOCKET_PATH_TOO_LONG' }),
  );
});

/** Runs something while no further file can be opened in this process. */
function withoutDescriptors(work: () => void): void {
  const RLIMIT_NOFILE = 7;
  const before = new BigUint64Array(2);
  const setLimit = (limits: BigUint64Array) =>
    libc('int setrlimit(int resource, const uint64_t *limits)')?.(RLIMIT_NOFILE, limits);
  libc('int getrlimit(int resource, uint64_t *limits)')?.(RLIMIT_NOFILE, before);
  const open = [openSync('/dev/null', 'r')];
  setLimit(new BigUint64Array([BigInt((open[0] ?? 0) + 8), before[1] ?? 0n]));
  try {
    for (;;) open.push(openSync('/dev/null', 'r'));
  } catch (error) {
    expect(codeOf(error)).toBe('EMFILE');
    work();
  } finally {
    setLimit(before);
    for (const fd of open) closeSync(fd);
  }
}

test('a directory goes also where no further file can be opened', () => {
  const directory = join(runtime, 'full');
  mkdirSync(join(directory, 'below'), { recursive: true });
  writeFileSync(join(directory, 'below', 'file'), '');
  reserveDescriptor();
  withoutDescriptors(() => removeTree(directory));
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
