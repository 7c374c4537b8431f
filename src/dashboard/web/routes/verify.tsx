import type { FastifyInstance } from 'fastify';
import type { Services } from '../../services.ts';
import { action, jsonAction, page } from '../answer.tsx';
import type { FormError } from '../field.tsx';
import { VerifyPage } from '../pages/verify.tsx';
import { formOf, localPath, passkeyAnswer, queryText, type SignedIn, siteOf } from '../request.ts';

/** A password or passkey once more: what matters needs one of the last five minutes. */
export function registerVerify(app: FastifyInstance, services: Services): void {
  const view = async ({ user }: SignedIn, next: string | undefined, error?: FormError) => (
    <VerifyPage
      email={user.email}
      next={localPath(next) ?? '/account'}
      passkeys={(await services.passkeys(user)).length > 0}
      error={error}
    />
  );
  page(app, services, '/verify', (signed, request) => view(signed, queryText(request, 'next')));
  action(app, services, '/verify', {
    async run({ user, cookie }, form) {
      await services.prove(user, cookie, form.password ?? '');
      return localPath(form.next) ?? '/account';
    },
    again: (signed, error, request) => view(signed, formOf(request).next, error),
  });
  jsonAction(app, services, '/verify/passkey/options', ({ user }, request) =>
    services.passkeyToShow(user, siteOf(request)),
  );
  action(app, services, '/verify/passkey', {
    async run({ user, cookie }, form, request) {
      await services.proveByPasskey(user, cookie, passkeyAnswer(form), siteOf(request));
      return localPath(form.next) ?? '/account';
    },
    again: (signed, error, request) => view(signed, formOf(request).next, error),
  });
}
