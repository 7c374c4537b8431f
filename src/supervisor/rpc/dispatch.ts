import { type JSONRPCRequest, JSONRPCServer } from 'json-rpc-2.0';
import type { ErrorCode } from '../../../protocol/errors.ts';
import { type MethodName, methods } from '../../../protocol/session/methods.ts';
import type { Role } from '../../../protocol/session/schemas.ts';
import { knownError, SynscError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Caller, Verbs } from '../session/verbs.ts';
import { failureResponse, idOf, invalidParams } from './failure.ts';
import { parseMessage } from './message.ts';
import { createSlots } from './slots.ts';
import { createTurns } from './turns.ts';

/** Answers one message (a request or a batch, as UTF-8 JSON) in JSON; undefined when none is due. */
export type Dispatch = (message: Uint8Array, caller: Caller) => Promise<string | undefined>;

/** Requests of a batch, how many of them are worked on at a time, and characters of its answers. */
const batchLimit = { requests: 1_000, atOnce: 16, answers: 4 * 1024 * 1024 };

/** JSON-RPC 2.0 over the verbs: §4 request, §5 response, §6 batch. */
export function createDispatch(verbs: Verbs, log: Log, redact: (text: string) => string): Dispatch {
  const server = serverOf(verbs, log, redact);
  const turns = createTurns();
  const inTurn = <T>({ origin, asker }: Caller, task: () => Promise<T>) =>
    turns.run(origin ?? asker, task);

  async function one(request: unknown, caller: Caller): Promise<string | undefined> {
    if (!isRequest(request))
      return failure(idOf(request), 'INVALID_REQUEST', 'not a JSON-RPC 2.0 request');
    const answer = await server.receive(request, caller);
    return answer === null ? undefined : JSON.stringify(answer);
  }

  async function batch(requests: unknown[], caller: Caller): Promise<string | undefined> {
    if (requests.length === 0) return failure(null, 'INVALID_REQUEST', 'the batch is empty');
    if (requests.length > batchLimit.requests) {
      return failure(null, 'LIMIT', `a batch has at most ${batchLimit.requests} requests`);
    }
    const slots = createSlots(batchLimit.atOnce);
    let size = 0;
    const answered = async (request: unknown) => {
      const full = size > batchLimit.answers && idOf(request) !== null;
      const answer = full
        ? failure(idOf(request), 'LIMIT', 'the answers to this batch are too long')
        : await one(request, caller);
      size += answer?.length ?? 0;
      return answer;
    };
    const answers = await Promise.all(
      requests.map((request) => slots.run(() => inTurn(caller, () => answered(request)))),
    );
    const due = answers.filter((answer) => answer !== undefined);
    return due.length > 0 ? `[${due.join(',')}]` : undefined;
  }

  async function answer(message: Uint8Array, caller: Caller): Promise<string | undefined> {
    const taken = caller.crowded?.();
    if (taken !== undefined) {
      await taken;
      if (caller.gone.aborted) return undefined; // it has waited, and its sender has gone
    }
    const parsed = parseMessage(message);
    if (parsed instanceof SynscError) return JSON.stringify(failureResponse(null, parsed));
    return Array.isArray(parsed) ? batch(parsed, caller) : one(parsed, caller);
  }
  return (message, caller) => inTurn(caller, () => answer(message, caller));
}

function failure(id: string | number | null, code: ErrorCode, message: string): string {
  return JSON.stringify(failureResponse(id, new SynscError(code, message)));
}

function serverOf(verbs: Verbs, log: Log, redact: (text: string) => string): JSONRPCServer<Caller> {
  const server = new JSONRPCServer<Caller>({
    errorListener: (_message, error) => {
      if (knownError(error) === undefined) log.error(described(error, redact), 'a request failed');
    },
  });
  for (const name of Object.keys(methods) as MethodName[]) {
    server.addMethod(name, (params, caller) => call(verbs, name, params, caller));
  }
  server.handleMethodNotFound = () =>
    Promise.reject(new SynscError('METHOD_NOT_FOUND', 'there is no such method'));
  server.mapErrorToJSONRPCErrorResponse = (id, error: unknown) =>
    failureResponse(
      id,
      redacted(
        knownError(error) ?? new SynscError('INTERNAL', 'the request failed inside'),
        redact,
      ),
    );
  return server;
}

/** Messages repeat words of the request, which may hold a value. */
function redacted(error: SynscError, redact: (text: string) => string): SynscError {
  const { code, message, hint, field } = error;
  return new SynscError(code, redact(message), {
    hint: redact(hint),
    ...(field !== undefined && { field: redact(field) }),
  });
}

/** What the log may say of a failure: an error's own fields may repeat the request. */
function described(error: unknown, redact: (text: string) => string): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack = '' } = error;
  return { type: name, message: redact(message), stack: redact(stack) };
}

async function call(verbs: Verbs, name: MethodName, params: unknown, caller: Caller) {
  const allowed: readonly Role[] = methods[name].roles;
  if (!allowed.includes(caller.role)) {
    throw new SynscError('DENIED', `${name} is not for callers of role ${caller.role}`);
  }
  if (Array.isArray(params)) {
    throw new SynscError('INVALID_PARAMS', 'params: must be an object', { field: 'params' });
  }
  const checked = methods[name].params.safeParse(params ?? {});
  if (!checked.success) throw invalidParams(checked.error.issues);
  const verb = verbs[name] as (params: unknown, caller: Caller) => unknown;
  return (await verb.call(verbs, checked.data, caller)) ?? {};
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isId(id: unknown): id is string | number | null {
  return id === null || typeof id === 'string' || typeof id === 'number';
}

function isRequest(value: unknown): value is JSONRPCRequest {
  if (!isObject(value) || value.jsonrpc !== '2.0' || typeof value.method !== 'string') {
    return false;
  }
  const { id, params } = value;
  if (id !== undefined && !isId(id)) return false;
  if ('result' in value || 'error' in value) return false;
  return params === undefined || (typeof params === 'object' && params !== null);
}
