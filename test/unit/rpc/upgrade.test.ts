import { describe, expect, test } from 'vitest';
import { plainUpgrade } from '../../../src/supervisor/rpc/upgrade.ts';

const upgrade = 'Connection: Upgrade\r\nUpgrade: synsc-frames/1\r\n';
const plain = `GET /processes/0a1b/stream?fromOffset=7 HTTP/1.1\r\nHost: session\r\n${upgrade}\r\n`;

describe('a request for a stream is known without HTTP', () => {
  test.each([
    ['as our client writes it', plain, 7],
    ['from the start', `GET /processes/0a1b/stream HTTP/1.1\r\nHost: session\r\n${upgrade}\r\n`, 0],
    ['without a host', `GET /processes/0a1b/stream HTTP/1.1\r\n${upgrade}\r\n`, 0],
  ])('%s', (_says, text, fromOffset) => {
    const length = text.length;
    const first = Buffer.from(`${text}\0\0\0\0`); // a frame may follow at once
    expect(plainUpgrade(first)).toEqual({ processId: '0a1b', fromOffset, length });
  });
});

describe('left to HTTP is', () => {
  test.each([
    ['a request that is not yet whole', plain.slice(0, -1)],
    ['a request of a web page', plain.replace('Host', 'Origin: https://a.example\r\nHost')],
    ['any other field', plain.replace('\r\n\r\n', '\r\nContent-Length: 4\r\n\r\n')],
    ['another protocol', plain.replace('synsc-frames/1', 'websocket')],
    ['another method', plain.replace('GET', 'POST')],
    ['another path', plain.replace('/stream', '/stream/..')],
    ['a long process id', plain.replace('0a1b', 'a'.repeat(65))],
    ['an offset that is no number', plain.replace('=7', '=x')],
    ['a call', 'POST /rpc HTTP/1.1\r\n\r\n'],
    ['a request behind other bytes', `\n${plain}`],
  ])('%s', (_says, text) => expect(plainUpgrade(Buffer.from(text))).toBeUndefined());
});
