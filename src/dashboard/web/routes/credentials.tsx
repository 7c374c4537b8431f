import type { FastifyInstance, FastifyRequest } from 'fastify';
import { SynscError } from '../../../errors.ts';
import { catalog } from '../../../provider/catalog.ts';
import type { Provider } from '../../../provider/provider.ts';
import type { Services } from '../../services.ts';
import { action, page } from '../answer.tsx';
import { CredentialsPage, type CredentialsProps } from '../pages/credentials.tsx';
import { queryText, type SignedIn } from '../request.ts';

/** The credential slots: a page, and a form to fill and one to empty each. */
export function registerCredentials(app: FastifyInstance, services: Services): void {
  const view = async ({ user }: SignedIn, state: Partial<CredentialsProps>) => (
    <CredentialsPage
      {...state}
      email={user.email}
      slots={await services.credentials(user)}
      now={new Date()}
    />
  );
  page(app, services, '/credentials', (signed, request) =>
    view(signed, {
      saved: find(queryText(request, 'saved'))?.id,
      deleted: find(queryText(request, 'deleted'))?.id,
    }),
  );
  action(app, services, '/credentials/:provider', {
    async run({ user }, form, request) {
      const provider = providerOf(request);
      await services.saveCredential(user, provider.id, valuesOf(provider, form));
      return `/credentials?saved=${provider.id}`;
    },
    again: (signed, error, request) =>
      view(signed, { refused: { provider: providerOf(request).id, error } }),
  });
  action(app, services, '/credentials/:provider/delete', {
    async run({ user }, _form, request) {
      const provider = providerOf(request);
      await services.deleteCredential(user, provider.id);
      return `/credentials?deleted=${provider.id}`;
    },
    again: (signed, error, request) =>
      view(signed, { refused: { provider: providerOf(request).id, error } }),
  });
}

/** The fields that the provider has; whatever else was sent is left out. */
function valuesOf(provider: Provider, form: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    provider.variables.flatMap(({ name }): [string, string][] => {
      const value = form[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function providerOf(request: FastifyRequest): Provider {
  const provider = find((request.params as { provider: string }).provider);
  if (!provider) throw new SynscError('NOT_FOUND', 'there is no such provider');
  return provider;
}

function find(id: string | undefined): Provider | undefined {
  return catalog.find((provider) => provider.id === id);
}
