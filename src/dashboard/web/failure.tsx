import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errors } from '../../../protocol/errors.ts';
import { SynscError } from '../../errors.ts';
import type { Services } from '../services.ts';
import { exactStatus, frameworkStatus } from '../status.ts';
import { sendError, sendPage, withRetry } from './answer.tsx';
import { MessagePage } from './pages/message.tsx';
import { signedIn, wantsJson, wantsPage } from './request.ts';

/**
 * Answers whatever a route did not: refusals with their reason, bugs without any detail, and, for the
 * whole server, addresses that do not exist.
 */
export function registerFailure(app: FastifyInstance, services: Services): void {
  app.setErrorHandler<FastifyError | SynscError>(async (failure, request, reply) => {
    const error = failure instanceof SynscError ? failure : hidden(failure);
    if (errors[error.code].http >= 500) request.log.error({ err: failure }, 'request failed');
    const status = exactStatus(failure) ?? errors[error.code].http;
    if (wantsJson(request)) return sendError(reply, error, status);
    return sendMessage(services, request, reply, error, status);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const allowed = methodsAt(app, request);
    if (allowed.length > 0) reply.header('allow', allowed.join(', '));
    const [error, status] =
      allowed.length > 0
        ? [new SynscError('METHOD_NOT_FOUND', `this address takes ${allowed.join(' and ')}`), 405]
        : [new SynscError('NOT_FOUND', 'there is nothing at this address'), 404];
    return wantsPage(request)
      ? sendMessage(services, request, reply, error, status)
      : sendError(reply, error, status);
  });
}

/** What an address without parameters can be asked for (RFC 9110 §15.5.6). */
function methodsAt(app: FastifyInstance, request: FastifyRequest): string[] {
  const [url = ''] = request.url.split('?');
  return ['GET', 'HEAD', 'POST', 'PATCH'].filter((method) => app.hasRoute({ method, url }));
}

async function sendMessage(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  error: SynscError,
  status: number = errors[error.code].http,
): Promise<FastifyReply> {
  const signed = error.code === 'INTERNAL' ? undefined : await signedIn(services, request);
  const page = (
    <MessagePage
      title={error.code === 'NOT_FOUND' ? 'Not found' : 'That did not work'}
      message={error.message}
      hint={error.code === 'METHOD_NOT_FOUND' ? 'start from the first page' : error.hint}
      email={signed?.user.email}
    />
  );
  return sendPage(withRetry(reply, error), page, status);
}

/** Messages of the framework and of drivers may quote the request, so none is shown. */
function hidden(failure: FastifyError): SynscError {
  return frameworkStatus(failure) < 500
    ? new SynscError('INVALID_REQUEST', 'the form could not be read', {
        hint: 'go back and send it again',
      })
    : new SynscError('INTERNAL', 'the dashboard could not do that', {
        hint: 'try again; the log of the dashboard has the reason',
      });
}
