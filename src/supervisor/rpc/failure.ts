import type { Socket } from 'node:net';
import type { JSONRPCErrorResponse, JSONRPCID } from 'json-rpc-2.0';
import type * as z from 'zod/mini';
import { errors } from '../../../protocol/errors.ts';
import { knownError, SynscError } from '../../errors.ts';
import type { Log } from '../../log.ts';

type Issue = z.core.$ZodIssue;

/** An error object of JSON-RPC 2.0 §5.1 with the error table's code, and `data` with name and hint. */
export function failureResponse(id: JSONRPCID, error: SynscError): JSONRPCErrorResponse {
  const { code, hint, field, message } = error;
  const data = { code, hint, ...(field === undefined ? {} : { field }) };
  return { jsonrpc: '2.0', id, error: { code: errors[code].rpc, message, data } };
}

/** As the only answer on a connection that speaks HTTP, which it ends. */
export function refuse(socket: Socket, error: SynscError): void {
  const status = errors[error.code].http;
  const body = JSON.stringify(failureResponse(null, error));
  const lines = [
    `HTTP/1.1 ${status} ${error.code}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  socket.resume(); // what still comes is dropped
}

/** What a client of HTTP is told when what would serve it could not be loaded. */
export function notLoaded(socket: Socket, log: Log): (error: unknown) => void {
  return (error) => {
    const known = knownError(error);
    if (known !== undefined) return refuse(socket, known);
    log.error({ err: error }, 'HTTP could not be loaded');
    socket.destroy();
  };
}

/** Of a request, as far as it can be told: an answer that names another belongs to nobody. */
export function idOf(request: unknown): string | number | null {
  const id: unknown = Reflect.get(Object(request) as object, 'id');
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

/** Names the field and what is wrong with it, never what was sent. */
export function invalidParams([issue]: readonly Issue[]): SynscError {
  if (issue === undefined) return new SynscError('INVALID_PARAMS', 'params are not valid');
  // a key that is no name is input, so it is not repeated
  const path = issue.code === 'invalid_key' ? issue.path.slice(0, -1) : issue.path;
  const field = path.map(String).join('.') || 'params';
  return new SynscError('INVALID_PARAMS', `${field}: ${reasonOf(issue)}`, { field });
}

function reasonOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be of type ${issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `must be at least ${issue.minimum}${unitOf(issue.origin)}`;
    case 'too_big':
      return `must be at most ${issue.maximum}${unitOf(issue.origin)}`;
    case 'invalid_key':
      return 'has a key that is not a variable name';
    case 'custom':
      return issue.message;
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_union':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return 'has the wrong form';
  }
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters long';
  return origin === 'array' ? ' items long' : '';
}
