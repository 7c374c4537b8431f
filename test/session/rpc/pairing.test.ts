import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../../protocol/client.ts';
import type { FinishedSpawn } from '../../../protocol/session/schemas.ts';
import { claim } from '../../support/claim.ts';
import { root, TestSession } from '../../support/session.ts';

const value = 'hf_EXAMPLEonlyNotARealTokenAbCdEf012345';

/** The test is an editor: a process of the same user, outside the session's tree. */
let session: TestSession;
let socketPath: string;
beforeAll(async () => {
  session = new TestSession({ env: { HF_TOKEN: value } });
  await session.call('ping');
  socketPath = String(session.events()[0]?.socket);
});
afterAll(() => session.close());

const denied = { code: -32001, data: { code: 'DENIED' } };

test('without a code an editor may do nothing, and guesses end with the code', async () => {
  const editor = await connect(socketPath);
  expect((await editor.call('ping')).role).toBe('outside');
  await expect(editor.call('spawn', { argv: ['true'] })).rejects.toMatchObject(denied);
  await expect(editor.call('pair.code')).rejects.toMatchObject(denied);
  const { code } = await session.call<{ code: string }>('pair.code');
  for (let tries = 0; tries < 5; tries += 1) {
    await expect(editor.call('pair', { code: 'BBBB-BBBB' })).rejects.toMatchObject({
      code: -32002,
      data: { code: 'NOT_AUTHORIZED', hint: expect.stringContaining('synsc pair') },
    });
  }
  await expect(editor.call('pair', { code })).rejects.toMatchObject({ code: -32002 });
  editor.close();
});

claim('card/editor-plugins', async () => {
  const editor = await connect(socketPath);
  const { code } = await session.call<{ code: string }>('pair.code');
  expect(await editor.call('pair', { code })).toEqual({ role: 'client' });
  const { processId } = await session.start({ command: 'echo from the agent; sleep 1000' });
  const heard: string[] = [];
  editor.on('output', ({ data }) => void heard.push(data));
  await editor.call('attach', { processId });
  await expect.poll(() => heard.join('')).toBe('from the agent\n');
  await editor.call('kill', { processId });
  editor.close();

  const again = await connect(socketPath); // it is the process that was paired
  const { stdout } = (await again.call('spawn', { argv: ['echo', value] })) as FinishedSpawn;
  expect(stdout).toBe('[REDACTED]\n');
  await expect(again.call('pair', { code })).rejects.toMatchObject(denied);
  again.close();
});

test('a code is as good as ever after the time of day was set', async () => {
  for (const LEAP of ['600000', '-600000']) {
    const NODE_OPTIONS = `--require ${root}/test/support/leaping-clock.cjs`;
    const leaping = new TestSession({ env: { LEAP, NODE_OPTIONS } });
    const { code } = await leaping.call<{ code: string }>('pair.code');
    const editor = await connect(String(leaping.events()[0]?.socket));
    expect(await editor.call('pair', { code })).toEqual({ role: 'client' });
    editor.close();
    await leaping.close();
  }
});

test('what the editor starts is not paired', () => {
  const script = `import json, os, socket
s = socket.socket(socket.AF_UNIX); s.connect(os.environ['SOCKET'])
s.sendall(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\\n'); print(s.makefile().readline())`;
  const { stdout } = spawnSync('python3', ['-c', script], {
    env: { ...process.env, SOCKET: socketPath },
    encoding: 'utf8',
  });
  expect(JSON.parse(stdout)).toMatchObject({ result: { role: 'outside' } });
});

test('nobody is authorised over the socket, however it asks', async () => {
  const editor = await connect(socketPath);
  const program = { argv: ['printenv', 'HF_TOKEN'] };
  const asked = await editor.call('authorization.request', { ...program, names: ['HF_TOKEN'] });
  expect(asked).toEqual({ status: 'unavailable' });
  await expect(editor.call('spawn', { ...program, authorize: ['HF_TOKEN'] })).rejects.toMatchObject(
    {
      code: -32002,
    },
  );
  editor.close();
});
