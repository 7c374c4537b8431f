import type { FastifyError, FastifyInstance } from 'fastify';
import { errors } from '../../../protocol/errors.ts';
import { SynscError } from '../../errors.ts';
import type { Services } from '../services.ts';
import { sendError, sendPage } from './answer.tsx';
import { MessagePage } from './pages/message.tsx';
import { signedIn, wantsJson } from './request.ts';

/** Answers whatever a route did not: refusals with their reason, bugs without any detail. */
export function registerFailure(app: FastifyInstance, services: Services): void {
  app.setErrorHandler<FastifyError | SynscError>(async (failure, request, reply) => {
    const error = failure instanceof SynscError ? failure : hidden(failure);
    if (errors[error.code].http >= 500) request.log.error({ err: failure }, 'request failed');
    if (wantsJson(request)) return sendError(reply, error);
    const signed = error.code === 'INTERNAL' ? undefined : await signedIn(services, request);
    const page = (
      <MessagePage
        title={error.code === 'NOT_FOUND' ? 'Not found' : 'That did not work'}
        message={error.message}
        hint={error.hint}
        email={signed?.user.email}
      />
    );
    return sendPage(reply, page, errors[error.code].http);
  });
}

/** Messages of the framework and of drivers may quote the request, so none is shown. */
function hidden(failure: FastifyError): SynscError {
  return failure.statusCode !== undefined && failure.statusCode < 500
    ? new SynscError('INVALID_REQUEST', 'the form could not be read', {
        hint: 'go back and send it again',
      })
    : new SynscError('INTERNAL', 'the dashboard could not do that', {
        hint: 'try again; the log of the dashboard has the reason',
      });
}
