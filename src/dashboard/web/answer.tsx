import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { VNode } from 'preact';
import { type ErrorCode, errors } from '../../../protocol/errors.ts';
import { SynscError } from '../../errors.ts';
import type { Services } from '../services.ts';
import { renderDocument } from './document.tsx';
import type { FormError } from './field.tsx';
import { formOf, type SignedIn, signedIn, wantsJson } from './request.ts';

type Form = Record<string, string>;

/** Hints of the error table that also help in a browser; the others name commands. */
const browserHints: ReadonlySet<ErrorCode> = new Set(['RATE_LIMITED', 'INVALID_CREDENTIAL']);

export function sendPage(reply: FastifyReply, page: VNode, status = 200): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(renderDocument(page));
}

/** The JSON form of a refusal. */
export function sendError(
  reply: FastifyReply,
  error: SynscError,
  status: number = errors[error.code].http,
): FastifyReply {
  const { code, message, field, faults } = error;
  const fields = faults.length > 0 ? { fields: faults } : {};
  return withRetry(reply, error)
    .code(status)
    .send({ error: { code, message, ...(field === undefined ? {} : { field }), ...fields } });
}

/** Answers a form that did its work: JSON, or a redirect that a reload does not repeat. */
export function sendDone(request: FastifyRequest, reply: FastifyReply, next: string): FastifyReply {
  return wantsJson(request) ? reply.send({ ok: true }) : reply.redirect(next, 303);
}

/** Answers a refused form: JSON, or the form again with what was wrong. Other failures go on. */
export async function sendRefused(
  request: FastifyRequest,
  reply: FastifyReply,
  failure: unknown,
  again: (error: FormError) => VNode | Promise<VNode>,
): Promise<FastifyReply> {
  if (!(failure instanceof SynscError) || errors[failure.code].http >= 500) throw failure;
  if (wantsJson(request)) return sendError(reply, failure);
  const { code, message, field, faults, hint } = failure;
  const shown = browserHints.has(code) ? hint : undefined;
  const page = await again({ message, field, faults, hint: shown });
  return sendPage(withRetry(reply, failure), page, errors[code].http);
}

/** RFC 9110 §10.2.3: when to come again, where it is known. */
export function withRetry(reply: FastifyReply, { retryAfter }: SynscError): FastifyReply {
  return retryAfter === undefined ? reply : reply.header('retry-after', retryAfter);
}

/** Serves a page to signed-in users; others sign in first. A string is a path to go to instead. */
export function page(
  app: FastifyInstance,
  services: Services,
  path: string,
  view: (signed: SignedIn, request: FastifyRequest) => Promise<VNode | string>,
): void {
  app.get(path, async (request, reply) => {
    const signed = await signedIn(services, request);
    if (!signed) return reply.redirect(`/sign-in?next=${encodeURIComponent(request.url)}`, 303);
    const answer = await view(signed, request);
    return typeof answer === 'string' ? reply.redirect(answer, 303) : sendPage(reply, answer);
  });
}

export interface Action {
  /** Needs a password or passkey that was just shown; without one, this page follows it. */
  readonly proof?: string;
  /** Does the work and returns the path of the page to show next, or the answer that it sent. */
  run(
    signed: SignedIn,
    form: Form,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<string | FastifyReply>;
  /** The page to show when `run` was refused. */
  again(signed: SignedIn, error: FormError, request: FastifyRequest): Promise<VNode>;
}

/** Takes a form from signed-in users. */
export function action(app: FastifyInstance, services: Services, path: string, it: Action): void {
  app.post(path, async (request, reply) => {
    const signed = await signedIn(services, request);
    if (!signed) return sendUnknown(request, reply);
    if (it.proof !== undefined && !signed.proved) return sendUnproved(request, reply, it.proof);
    let next: string | FastifyReply;
    try {
      next = await it.run(signed, formOf(request), request, reply);
    } catch (failure) {
      return sendRefused(request, reply, failure, (error) => it.again(signed, error, request));
    }
    return typeof next === 'string' ? sendDone(request, reply, next) : next;
  });
}

/** Answers a script of ours: always JSON. */
export function jsonAction(
  app: FastifyInstance,
  services: Services,
  path: string,
  run: (signed: SignedIn, request: FastifyRequest) => Promise<object>,
): void {
  app.post(path, async (request, reply) => {
    const signed = await signedIn(services, request);
    if (!signed) return sendError(reply, new SynscError('NOT_SIGNED_IN', 'sign in first'));
    return run(signed, request);
  });
}

/** Asks for a password or passkey once more; `next` is the page to come back to. */
export function sendUnproved(
  request: FastifyRequest,
  reply: FastifyReply,
  next: string,
): FastifyReply {
  if (!wantsJson(request)) return reply.redirect(verifyPath(next), 303);
  return sendError(reply, new SynscError('PROOF_NEEDED', 'enter your password again first'));
}

/** The page that asks for a password or passkey, and then goes on to `next`. */
export function verifyPath(next: string): string {
  return `/verify?next=${encodeURIComponent(next)}`;
}

function sendUnknown(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!wantsJson(request)) return reply.redirect('/sign-in', 303);
  return sendError(reply, new SynscError('NOT_SIGNED_IN', 'sign in first'));
}
