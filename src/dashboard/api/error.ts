import type { FastifyReply, FastifyRequest } from 'fastify';
import { errors } from '../../../protocol/errors.ts';
import { SynscError } from '../../errors.ts';

/** Every refusal of a JSON route: `{"error":{code,message,hint,field?}}`. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const refusal = refusalOf(error, request);
  const { code, message, hint, field, retryAfter } = refusal;
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  return reply
    .code(statusOf(error) ?? errors[code].http)
    .header('cache-control', 'no-store')
    .send({ error: { code, message, hint, ...(field === undefined ? {} : { field }) } });
}

/** What the framework says more exactly than our table: too large, or of another type. */
function statusOf(error: unknown): number | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return status === 413 || status === 415 ? status : undefined;
}

function refusalOf(error: unknown, request: FastifyRequest): SynscError {
  if (error instanceof SynscError && error.code !== 'INTERNAL') return error;
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status < 500) {
    return new SynscError('INVALID_REQUEST', 'the request cannot be read', {
      hint: 'send one JSON object as content-type application/json',
    });
  }
  logFault(error, request);
  return new SynscError('INTERNAL', 'the dashboard failed');
}

/** Names and stack only: a database's message may quote a parameter. */
function logFault(error: unknown, request: FastifyRequest): void {
  const fault = error instanceof Error ? error : new Error('unknown');
  const stack = fault.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  const code = 'code' in fault ? fault.code : undefined;
  request.log.error({ fault: fault.name, code, route: request.routeOptions.url, stack }, 'failed');
}
