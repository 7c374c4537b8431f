import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exchange, noSuchProcess, startServer } from './session.ts';

let session: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  session = await startServer({
    list: () => {
      throw new Error('hf_inside');
    },
    wait: noSuchProcess,
  });
});
afterAll(() => session.stop());

const ping = '{"jsonrpc":"2.0","method":"ping","id":1}';
const pong = {
  jsonrpc: '2.0',
  id: 1,
  result: { sessionId: 'test', protocolVersion: 1, role: 'client' },
};
const failed = (id: unknown, code: number) =>
  expect.objectContaining({ jsonrpc: '2.0', id, error: expect.objectContaining({ code }) });

describe('JSON-RPC 2.0', () => {
  test.each<[string, string | Buffer, unknown]>([
    ['a request', ping, pong],
    ['params of an object', ping.replace('"id"', '"params":{},"id"'), pong],
    ['a text id', ping.replace('1}', '"a"}'), { ...pong, id: 'a' }],
    ['text that is no JSON', '{"jsonrpc": "2.0", "method": "foobar, "params', failed(null, -32700)],
    ['bytes that are no UTF-8', Buffer.from('7b22ff227d', 'hex'), failed(null, -32700)],
    [
      'a method that is no text',
      '{"jsonrpc":"2.0","method":1,"params":"bar"}',
      failed(null, -32600),
    ],
    ['another version', '{"jsonrpc":"1.0","method":"ping","id":3}', failed(3, -32600)],
    ['no version', '{"method":"ping","id":3}', failed(3, -32600)],
    ['an id that is an object', '{"jsonrpc":"2.0","method":"ping","id":{}}', failed(null, -32600)],
    ['an unknown method', '{"jsonrpc":"2.0","method":"foobar","id":"1"}', failed('1', -32601)],
    ['an inherited method', '{"jsonrpc":"2.0","method":"constructor","id":1}', failed(1, -32601)],
    [
      'an array of params',
      '{"jsonrpc":"2.0","method":"ping","params":[],"id":1}',
      failed(1, -32602),
    ],
    ['an empty batch', '[]', failed(null, -32600)],
    ['a batch of a number', '[1]', [failed(null, -32600)]],
    ['a batch of numbers', '[1,2]', [failed(null, -32600), failed(null, -32600)]],
    [
      'a broken batch',
      '[{"jsonrpc":"2.0","method":"ping","id":1},{"jsonrpc"',
      failed(null, -32700),
    ],
    ['a batch with one answer', `[${ping},{"jsonrpc":"2.0","method":"ping"}]`, [pong]],
    [
      'a mixed batch',
      `[${ping},null,{"jsonrpc":"2.0","method":"x","id":2}]`,
      [pong, failed(null, -32600), failed(2, -32601)],
    ],
  ])('answers %s', async (_name, request, answer) => {
    const bytes = Buffer.concat([Buffer.from(request), Buffer.from('\n')]);
    const [line = ''] = await exchange(session.socketPath, bytes);
    expect(JSON.parse(line)).toEqual(answer);
  });

  test('does not answer notifications, nor batches of them', async () => {
    const note = '{"jsonrpc":"2.0","method":"foobar"}';
    const [line = ''] = await exchange(session.socketPath, `${note}\n[${note}]\n${ping}\n`);
    expect(JSON.parse(line)).toEqual(pong);
  });

  test('names the field that is wrong and repeats no input', async () => {
    const request = '{"jsonrpc":"2.0","method":"wait","params":{"processId":5},"id":1}\n';
    const [line = ''] = await exchange(session.socketPath, request);
    expect(JSON.parse(line).error).toEqual({
      code: -32602,
      message: 'processId: must be of type string',
      data: { code: 'INVALID_PARAMS', field: 'processId', hint: expect.any(String) },
    });
    const key =
      '{"jsonrpc":"2.0","method":"spawn","params":{"command":"a","env":{"hf_x y":"1"}},"id":1}\n';
    const [other = ''] = await exchange(session.socketPath, key);
    expect(JSON.parse(other).error.data.field).toBe('env');
    expect(other).not.toContain('hf_x');
  });

  test('gives a refusal its code and hint, and keeps what failed inside to the log', async () => {
    const call = (method: string) =>
      `{"jsonrpc":"2.0","method":"${method}","params":{"processId":"p"},"id":1}\n`;
    const [refused = ''] = await exchange(session.socketPath, call('wait'));
    expect(JSON.parse(refused).error).toMatchObject({
      code: -32003,
      data: { code: 'NO_SUCH_PROCESS' },
    });
    const [broken = ''] = await exchange(session.socketPath, call('list'));
    expect(JSON.parse(broken).error).toMatchObject({ code: -32603, data: { code: 'INTERNAL' } });
    expect(broken).not.toContain('hf_inside');
    expect(session.logged).toHaveLength(1);
  });
});
