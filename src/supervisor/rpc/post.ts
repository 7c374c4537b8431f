import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { Gathered, messageLimit } from '../../../protocol/transport.ts';
import { codeOf, SynscError } from '../../errors.ts';
import type { Caller } from '../session/verbs.ts';
import type { Dispatch } from './dispatch.ts';
import { failureResponse } from './failure.ts';
import type { Remote } from './remote.ts';

/** Chunks of a body: what one read of a connection holds of one byte each. */
const chunkLimit = 8_192;
const tooLong = new SynscError('LIMIT', 'a message has at most 1 MiB');
const tooManyChunks = new SynscError('LIMIT', `a message has at most ${chunkLimit} chunks`);

/** What is refused before it is read, as status and error of ours. */
const refusals: Readonly<Record<string, readonly [number, SynscError]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    415,
    new SynscError('INVALID_REQUEST', 'the content type must be application/json'),
  ],
};
const malformed = [400, new SynscError('INVALID_REQUEST', 'the request is malformed')] as const;
const noRoute = new SynscError(
  'INVALID_REQUEST',
  'there is only POST /rpc, and GET /processes/ID/stream with an upgrade',
);
const fromPage = new SynscError('DENIED', 'requests of web pages are refused');

/** `POST /rpc`: one message a request, on connections of `server`. */
export async function createPost(
  server: Server,
  dispatch: Dispatch,
  remotes: WeakMap<object, Remote>,
): Promise<(request: IncomingMessage, response: ServerResponse) => void> {
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
  const app = fastify({
    serverFactory: (handler) => {
      handle = handler;
      return server;
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', (_request: FastifyRequest, body: IncomingMessage) =>
    gather(body),
  );
  app.addHook('onRequest', async ({ headers }, reply) => {
    // a page in a browser can't set or drop this header; no other client sends it
    if (headers.origin !== undefined) await refuse(reply, 403, fromPage);
  });
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404, noRoute));
  app.setErrorHandler((error, _request, reply) => refuse(reply, ...refusalOf(error)));
  app.post('/rpc', async (request, reply) => {
    const remote = remotes.get(request.raw.socket);
    const body = request.body;
    if (remote === undefined || !Buffer.isBuffer(body)) return refuse(reply, ...malformed);
    const answer = await dispatch(body, callerOf(request, reply, remote));
    return answer === undefined
      ? reply.code(204).send()
      : reply.type('application/json').send(answer);
  });
  await app.ready();
  return handle;
}

function refusalOf(error: unknown): readonly [number, SynscError] {
  if (error instanceof SynscError) return [413, error];
  return refusals[codeOf(error)] ?? malformed;
}

/** The bytes of a body. What is refused isn't read on: a megabyte of chunks of one byte takes a second. */
function gather(body: IncomingMessage): Promise<Buffer> {
  const gathered = new Gathered();
  let chunks = 0;
  return new Promise((resolve, reject) => {
    function refuse(error: SynscError): void {
      body.off('data', add).pause();
      reject(error);
    }
    function add(chunk: Buffer): void {
      chunks += 1;
      if (gathered.length + chunk.length > messageLimit) refuse(tooLong);
      else if (chunks > chunkLimit) refuse(tooManyChunks);
      else gathered.add(chunk);
    }
    if (Number(body.headers['content-length'] ?? 0) > messageLimit) refuse(tooLong);
    else body.on('data', add).once('end', () => resolve(gathered.take()));
    body.once('error', reject);
  });
}

/** One client often takes a connection for each call, so its process counts as the asker. */
function callerOf(request: FastifyRequest, reply: FastifyReply, remote: Remote): Caller {
  const left = new AbortController();
  const leave = () => left.abort('the connection is gone');
  request.raw.socket.once('close', leave);
  reply.raw.once('close', () => {
    request.raw.socket.off('close', leave);
    if (!reply.raw.writableFinished) leave();
  });
  const { role, pid, origin } = remote;
  return { role, pid, origin, asker: origin ?? Symbol('unknown'), gone: left.signal };
}

/** What was refused may still be on its way: the connection ends. */
function refuse(reply: FastifyReply, status: number, error: SynscError): FastifyReply {
  return reply.code(status).header('connection', 'close').send(failureResponse(null, error));
}
