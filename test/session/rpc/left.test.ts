import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOwnSession } from '../../support/supervisor.ts';

type ProcessList = { processes: { command: string; signal: string | null }[] };

let own: Awaited<ReturnType<typeof startOwnSession>>;
beforeAll(async () => {
  own = await startOwnSession();
});
afterAll(() => own.close());

/** Asks for a command, and is gone before it can have begun. */
function askAndLeave(params: object): Promise<void> {
  const request = { jsonrpc: '2.0', id: 1, method: 'spawn', params };
  return new Promise((resolve) => {
    const socket = connect(own.supervisor.socketPath, () => {
      socket.write(`${JSON.stringify(request)}\n`, () => socket.destroy());
    });
    socket.once('close', () => resolve());
  });
}

test.each([
  { says: 'that it waits for', more: {}, signal: 'SIGKILL', time: '71.1' },
  {
    says: 'that is to end with it',
    more: { background: true, endWithCaller: true },
    signal: 'SIGTERM',
    time: '71.2',
  },
])('a command of a caller that left at once, $says, ends', async ({ more, signal, time }) => {
  await askAndLeave({ argv: ['sleep', time], ...more });
  const client = await own.client();
  const ended = async () => {
    const { processes } = (await client.call('list')) as ProcessList;
    return processes.find(({ command }) => command === `sleep ${time}`)?.signal;
  };
  await expect.poll(ended, { timeout: 30_000 }).toBe(signal);
});

test('a caller that left with more requests than are worked on at a time is known to be gone', async () => {
  const request = (id: number) =>
    `${JSON.stringify({ jsonrpc: '2.0', id, method: 'spawn', params: { argv: ['sleep', '71.3'] } })}\n`;
  const client = await own.client();
  const running = async () => {
    const { processes } = (await client.call('list')) as ProcessList;
    return processes.filter(({ command, signal }) => command === 'sleep 71.3' && signal === null);
  };
  const socket = connect(own.supervisor.socketPath);
  socket.write(Array.from({ length: 40 }, (_, id) => request(id)).join(''));
  await expect.poll(async () => (await running()).length, { timeout: 30_000 }).toBe(16);
  socket.destroy();
  await expect.poll(async () => (await running()).length, { timeout: 30_000 }).toBe(0);
});
