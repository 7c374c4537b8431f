import type { FastifyReply, FastifyRequest } from 'fastify';
import { errors } from '../../../protocol/errors.ts';
import { SynscError } from '../../errors.ts';
import { faultOf } from '../../log.ts';
import { exactStatus, frameworkStatus } from '../status.ts';

/** Every refusal of a JSON route: `{"error":{code,message,hint,field?}}`. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const refusal = refusalOf(error, request);
  const { code, message, hint, field, retryAfter } = refusal;
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  return reply
    .code(exactStatus(error) ?? errors[code].http)
    .header('cache-control', 'no-store')
    .send({ error: { code, message, hint, ...(field === undefined ? {} : { field }) } });
}

function refusalOf(error: unknown, request: FastifyRequest): SynscError {
  if (error instanceof SynscError && error.code !== 'INTERNAL') return error;
  if (frameworkStatus(error) < 500) {
    return new SynscError('INVALID_REQUEST', 'the request cannot be read', {
      hint: 'send one JSON object as content-type application/json',
    });
  }
  logFault(error, request);
  return new SynscError('INTERNAL', 'the dashboard failed');
}

/** Names and stack only: a database's message may quote a parameter. */
function logFault(error: unknown, request: FastifyRequest): void {
  const { name: fault, ...more } = faultOf(error);
  request.log.error({ fault, ...more, route: request.routeOptions.url }, 'failed');
}
