import type { FastifyInstance, FastifyRequest } from 'fastify';
import { SynscError } from '../../../errors.ts';
import type { Services } from '../../services.ts';
import { type Action, action, jsonAction, page } from '../answer.tsx';
import {
  type AccountForm,
  AccountPage,
  type AccountProps,
  isAccountDone,
} from '../pages/account.tsx';
import { passkeyAnswer, queryText, type SignedIn, siteOf, takeCookie } from '../request.ts';

type Refusal = NonNullable<AccountProps['refused']>['error'];

/** The user's own account: password, passkeys, browsers, and its end. */
export function registerAccount(app: FastifyInstance, services: Services): void {
  const view = async (signed: SignedIn, state: Partial<AccountProps> = {}) => (
    <AccountPage
      {...state}
      email={signed.user.email}
      proved={signed.proved}
      passkeys={await services.passkeys(signed.user)}
      browsers={await services.webSessions(signed.user, signed.cookie)}
      now={new Date()}
    />
  );
  const again = (form: AccountForm) => (signed: SignedIn, error: Refusal) =>
    view(signed, { refused: { form, error } });

  page(app, services, '/account', (signed, request) => {
    const done = queryText(request, 'done');
    return view(signed, isAccountDone(done) ? { done } : {});
  });
  action(app, services, '/account/password', {
    async run({ user, cookie }, { password = '', new_password: wanted = '' }) {
      await services.changePassword(user, cookie, { current: password, wanted });
      return '/account?done=password';
    },
    again: again('password'),
  });
  action(app, services, '/account/browsers', {
    async run({ user, cookie }) {
      await services.closeOtherWebSessions(user, cookie);
      return '/account?done=browsers';
    },
    again: again('password'),
  });
  registerPasskeys(app, services, again('passkeys'));
  action(app, services, '/account/delete', {
    proof: '/account',
    async run({ user }, form, _request, reply) {
      checkConfirmation(user.email, form.confirmation ?? '');
      await services.deleteAccount(user);
      takeCookie(reply);
      return '/sign-in?done=deleted';
    },
    again: again('delete'),
  });
}

function registerPasskeys(app: FastifyInstance, services: Services, again: Action['again']): void {
  jsonAction(app, services, '/account/passkeys/options', async ({ user, proved }, request) => {
    if (!proved) throw new SynscError('PROOF_NEEDED', 'enter your password again first');
    return services.passkeyToMake(user, siteOf(request));
  });
  action(app, services, '/account/passkeys', {
    proof: '/account',
    async run({ user }, form, request) {
      const answer = passkeyAnswer(form);
      await services.addPasskey(user, form.name ?? '', answer, siteOf(request));
      return '/account?done=passkey';
    },
    again,
  });
  action(app, services, '/account/passkeys/:id/delete', {
    proof: '/account',
    async run({ user }, _form, request) {
      await services.deletePasskey(user, idOf(request));
      return '/account?done=passkey-gone';
    },
    again,
  });
}

function checkConfirmation(email: string, typed: string): void {
  if (typed.trim().toLowerCase() === email) return;
  throw new SynscError('INVALID_PARAMS', 'this is not the address of your account', {
    field: 'confirmation',
    hint: 'type it as it is shown',
  });
}

function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id;
}
