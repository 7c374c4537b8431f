import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AnswerReader, type Head } from '../../src/account/answer.ts';
import { exchangeOn, requestBytes } from '../../src/account/exchange.ts';

interface Heard {
  status?: number;
  headers?: Head['headers'];
  body: string;
  done: boolean;
  reusable: boolean;
}

/** What is heard of pieces of an answer; `ends`: the connection ends behind them. */
function heard(pieces: readonly string[], ends = false): Heard {
  let head: Head | undefined;
  let body = '';
  const reader = new AnswerReader({
    head(one) {
      head = one;
    },
    body(bytes) {
      body += bytes.toString('latin1');
    },
  });
  for (const piece of pieces) reader.push(Buffer.from(piece, 'latin1'));
  if (ends) reader.end();
  return { ...head, body, done: reader.done, reusable: reader.reusable };
}

const ok = 'HTTP/1.1 200 OK\r\n';
const cases: { says: string; bytes: string; ends?: boolean; is: Partial<Heard> }[] = [
  {
    says: 'a body with a length',
    bytes: `${ok}Content-Length: 5\r\n\r\nhello`,
    is: { status: 200, body: 'hello', done: true, reusable: true },
  },
  {
    says: 'an empty body',
    bytes: `${ok}Content-Length: 0\r\n\r\n`,
    is: { body: '', done: true, reusable: true },
  },
  {
    says: 'no body after 204, whatever its fields say',
    bytes: 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n',
    is: { status: 204, done: true, reusable: true },
  },
  {
    says: 'chunks, with an extension and a trailer',
    bytes: `${ok}Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX: y\r\n\r\n`,
    is: { body: 'hello world', done: true, reusable: true },
  },
  {
    says: 'chunks that hold line ends',
    bytes: `${ok}transfer-encoding: CHUNKED\r\n\r\nA\r\n0\r\n\r\n\r\n0\r\n\r\n0\r\n\r\n`,
    is: { body: '0\r\n\r\n\r\n0\r\n', done: true },
  },
  {
    says: 'a body until the end of the connection',
    bytes: `${ok}\r\nhello`,
    ends: true,
    is: { body: 'hello', done: true, reusable: false },
  },
  {
    says: 'an answer behind interim ones',
    bytes: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${ok}Content-Length: 1\r\n\r\nx`,
    is: { status: 200, body: 'x', done: true },
  },
  {
    says: 'a connection that shall close',
    bytes: `${ok}Connection: foo, Close\r\nContent-Length: 1\r\n\r\nx`,
    is: { done: true, reusable: false },
  },
  {
    says: 'HTTP/1.0, which closes',
    bytes: 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx',
    is: { done: true, reusable: false },
  },
  {
    says: 'a status without a reason',
    bytes: 'HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n',
    is: { status: 404, done: true },
  },
  {
    says: 'fields of one name, and blanks around values',
    bytes: `${ok}A: 1\r\na:\t 2 \r\nContent-Length: 0\r\n\r\n`,
    is: { headers: { a: '1, 2', 'content-length': '0' } },
  },
  {
    says: 'bytes behind the answer, after which the connection is not used again',
    bytes: `${ok}Content-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n`,
    is: { body: 'x', done: true, reusable: false },
  },
  {
    says: 'an answer that is not yet whole',
    bytes: `${ok}Content-Length: 5\r\n\r\nhell`,
    is: { body: 'hell', done: false, reusable: false },
  },
];

describe('an answer is read', () => {
  test.each(cases)('$says', ({ bytes, ends, is }) => {
    expect(heard([bytes], ends)).toMatchObject(is);
  });
  test.each(cases.filter(({ says }) => !says.startsWith('bytes behind')))(
    'byte by byte: $says',
    ({ bytes, ends, is }) => expect(heard([...bytes], ends)).toMatchObject(is),
  );
});

describe('refused is', () => {
  test.each([
    ['what is no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['HTTP/2', 'HTTP/2 200\r\n\r\n'],
    ['a status that is no number', 'HTTP/1.1 abc OK\r\n\r\n'],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['a field without a name', `${ok}: x\r\n\r\n`],
    ['a blank before the colon', `${ok}Content-Length : 1\r\n\r\nx`],
    ['a field over two lines', `${ok}A: 1\r\n 2\r\n\r\n`],
    ['a bare line feed in a field', `${ok}A: 1\nContent-Length: 0\r\n\r\n`],
    ['a NUL in a field', `${ok}A: \0\r\n\r\n`],
    ['a negative length', `${ok}Content-Length: -1\r\n\r\n`],
    ['a length with a sign', `${ok}Content-Length: +1\r\n\r\nx`],
    ['two lengths', `${ok}Content-Length: 1\r\nContent-Length: 1\r\n\r\nx`],
    ['a length beside chunks', `${ok}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`],
    ['another encoding', `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n`],
    ['a chunk without a size', `${ok}Transfer-Encoding: chunked\r\n\r\n\r\n`],
    ['a size that is no number', `${ok}Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n`],
    ['a chunk longer than its size', `${ok}Transfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n`],
    ['an endless head', `${ok}A: ${'x'.repeat(17_000)}`],
    ['an endless line of chunks', `${ok}Transfer-Encoding: chunked\r\n\r\n5;${'x'.repeat(2_000)}`],
  ])('%s', (_says, bytes) => {
    expect(() => heard([bytes])).toThrow(/^the answer cannot be read: /);
    expect(() => heard([...bytes])).toThrow(/^the answer cannot be read: /);
  });

  test.each([
    ['in its head', 'HTTP/1.1 200'],
    ['in a body with a length', `${ok}Content-Length: 5\r\n\r\nhell`],
    ['in a chunk', `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhell`],
    ['before the last chunk', `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`],
  ])('an end %s', (_says, bytes) => {
    expect(() => heard([bytes], true)).toThrow('it ended in the middle');
  });
});

test("whatever Node's own server answers is read as it was meant", async () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 });
  const server = createServer((request, response) => {
    const chunks = JSON.parse(String(request.headers['x-chunks'])) as number[][];
    const whole = request.url === '/length';
    if (whole) response.setHeader('content-length', chunks.flat().length);
    for (const chunk of chunks) response.write(Buffer.from(chunk));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1'); // one for all of them
  try {
    await fc.assert(
      fc.asyncProperty(bodies, fc.constantFrom('/length', '/chunks'), async (chunks, path) => {
        const numbers = chunks.map((chunk) => [...chunk]);
        const request = requestBytes({
          ...{ method: 'GET', url: `http://127.0.0.1:${port}`, path },
          headers: { 'x-chunks': JSON.stringify(numbers) },
        });
        const got: Buffer[] = [];
        await new Promise<void>((resolve, reject) => {
          const hearer = { head: () => undefined, body: (bytes: Buffer) => got.push(bytes) };
          let freed = false;
          const end = () => (freed ? resolve() : reject(new Error('the connection was not kept')));
          exchangeOn(socket, request, { ...hearer, end, failed: reject }, () => {
            freed = true;
          });
        });
        expect([...Buffer.concat(got)]).toEqual(numbers.flat());
      }),
      { numRuns: 50 },
    );
  } finally {
    socket.destroy();
    server.close();
  }
});

describe('an exchange', () => {
  const request = { method: 'GET', url: 'https://a.example:8443', path: '/' } as const;

  test('fails when its connection is gone before', async () => {
    const socket = new PassThrough().destroy();
    const said = new Promise((resolve) => {
      const hearer = { head: () => undefined, body: () => undefined, end: () => resolve('ended') };
      exchangeOn(socket, Buffer.from('x'), { ...hearer, failed: resolve }, () => undefined);
    });
    expect(await said).toMatchObject({ code: 'ECONNRESET' });
  });

  test('names its host, and sends no field that would be two', () => {
    const bytes = requestBytes({ ...request, headers: { a: 'b' }, body: 'ä' });
    expect(bytes.toString()).toBe(
      'GET / HTTP/1.1\r\nhost: a.example:8443\r\na: b\r\ncontent-length: 2\r\n\r\nä',
    );
    expect(() => requestBytes({ ...request, headers: { a: 'b\r\nc: d' } })).toThrow(TypeError);
  });
});
