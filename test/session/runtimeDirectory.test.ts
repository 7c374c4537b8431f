import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
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
