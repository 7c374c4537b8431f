import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { messageLimit, type Role } from '../../../protocol/session/schemas.ts';
import { SynscError } from '../../errors.ts';
import { peerOf, startTimeOf } from '../../platform/peer.ts';
import type { Caller } from '../session/verbs.ts';
import type { Dispatch } from './dispatch.ts';
import { failureResponse } from './failure.ts';
import { requestsInFlight } from './lines.ts';
import { createSlots, type Slots } from './slots.ts';

interface Connection {
  readonly role: Role;
  readonly slots: Slots;
}

/** Takes over connections whose first byte says HTTP: `POST /rpc`, one message a request. */
export interface HttpDialect {
  serve(socket: Socket, role: Role): void;
}

/** What fastify refuses, as status and error of ours. */
const refusals: Readonly<Record<string, readonly [number, SynscError]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, new SynscError('LIMIT', 'a message has at most 1 MiB')],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    415,
    new SynscError('INVALID_REQUEST', 'the content type must be application/json'),
  ],
};
const malformed = [400, new SynscError('INVALID_REQUEST', 'the request is malformed')] as const;
const noRoute = new SynscError('INVALID_REQUEST', 'there is only POST /rpc');
const fromPage = new SynscError('DENIED', 'requests of web pages are refused');

export async function createHttpDialect(dispatch: Dispatch): Promise<HttpDialect> {
  const connections = new WeakMap<Socket, Connection>();
  let server: Server | undefined;
  const app = fastify({
    bodyLimit: messageLimit,
    serverFactory: (handler) => {
      server = createServer(handler);
      return server;
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  app.addHook('onRequest', async ({ headers }, reply) => {
    // a page in a browser can't set or drop this header; no other client sends it
    if (headers.origin !== undefined) await refuse(reply, 403, fromPage);
  });
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404, noRoute));
  app.setErrorHandler((error, _request, reply) =>
    refuse(reply, ...(refusals[codeOf(error)] ?? malformed)),
  );
  app.post('/rpc', async (request, reply) => {
    const connection = connections.get(request.raw.socket);
    const body = request.body;
    if (connection === undefined || !Buffer.isBuffer(body)) return refuse(reply, ...malformed);
    const answer = await dispatch(body, callerOf(request, reply, connection), connection.slots);
    return answer === undefined ? reply.code(204).send() : reply.send(answer);
  });
  await app.ready();
  return {
    serve(socket, role) {
      connections.set(socket, { role, slots: createSlots(requestsInFlight) });
      server?.emit('connection', socket);
    },
  };
}

function callerOf(request: FastifyRequest, reply: FastifyReply, { role }: Connection): Caller {
  const left = new AbortController();
  const leave = () => left.abort();
  request.raw.socket.once('close', leave);
  reply.raw.once('close', () => {
    request.raw.socket.off('close', leave);
    if (!reply.raw.writableFinished) leave();
  });
  return { role, asker: askerOf(request.raw.socket), gone: left.signal };
}

/** One client often takes a connection for each call, so its process counts. */
function askerOf(socket: Socket): symbol | string {
  const pid = peerOf(socket)?.pid;
  return pid === undefined ? Symbol('unknown') : `${pid} ${startTimeOf(pid)}`;
}

function refuse(reply: FastifyReply, status: number, error: SynscError): FastifyReply {
  return reply.code(status).send(failureResponse(null, error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
