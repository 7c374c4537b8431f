import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTimeOf } from '../../../src/platform/peer.ts';
import { Remote } from '../../../src/supervisor/rpc/remote.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(path.join(tmpdir(), 'peer-'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

/** Connects, hands its connection to a child, and ends. */
const handOn = `import os, socket, sys, time
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
if os.fork() == 0: time.sleep(60)
`;

test('a connection whose process has ended gets no rights of a later one with its number', async () => {
  const server = createServer();
  const connected = new Promise<Socket>((resolve) => void server.once('connection', resolve));
  await new Promise<void>((resolve) => void server.listen(path.join(place, 's'), resolve));
  const child = spawn('python3', ['-c', handOn, path.join(place, 's')], {
    detached: true,
    stdio: 'ignore',
  });
  const socket = await connected;
  let asked = 0;
  const remote = new Remote(socket, 'outside', () => {
    asked += 1;
    return 'client'; // what the session would say of the later one
  });
  expect(remote.pid).toBe(child.pid);
  await expect.poll(() => startTimeOf(child.pid ?? 0), { timeout: 20_000 }).toBeUndefined();
  expect(remote.role).toBe('outside');
  expect(asked).toBe(0);
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  socket.destroy();
  server.close();
}, 30_000);
