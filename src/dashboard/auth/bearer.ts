import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SynscError } from '../../errors.ts';
import type { WebUser } from '../services.ts';
import type { Store } from '../store/store.ts';
import { hashToken } from './token.ts';

/** Who asks with a bearer token. */
interface BearerUser extends WebUser {
  /** Of the account's credentials, as the token was looked up. */
  readonly version: number;
}

const users = new WeakMap<FastifyRequest, BearerUser>();

/** The user whose bearer token the request carries. */
export function bearerUser(request: FastifyRequest): BearerUser {
  const user = users.get(request);
  if (!user) throw new SynscError('NOT_SIGNED_IN', 'not signed in');
  return user;
}

/**
 * Admits requests with a live bearer token in their header only (RFC 6750 §2.1, §3.1), and with the
 * scope that `scopeOf` names.
 */
export function requireBearer(
  app: FastifyInstance,
  store: Store,
  scopeOf: (request: FastifyRequest) => string,
): void {
  app.addHook('onRequest', async (request, reply) => {
    const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(
      request.headers.authorization ?? '',
    )?.[1];
    if (!token) throw refuse(reply, 'NOT_SIGNED_IN', 'no bearer token was sent');
    const [found] = await store.ask<BearerUser & { scope: string }>('token', [hashToken(token)]);
    if (!found) {
      throw refuse(reply, 'NOT_SIGNED_IN', 'this token is not valid any more', 'invalid_token');
    }
    if (!found.scope.split(' ').includes(scopeOf(request))) {
      throw refuse(reply, 'DENIED', 'the token does not reach that far', 'insufficient_scope');
    }
    users.set(request, { id: found.id, email: found.email, version: found.version });
  });
}

function refuse(
  reply: FastifyReply,
  code: 'NOT_SIGNED_IN' | 'DENIED',
  message: string,
  error?: string,
): SynscError {
  reply.header('www-authenticate', `Bearer realm="synsc"${error ? `, error="${error}"` : ''}`);
  return new SynscError(code, message);
}
