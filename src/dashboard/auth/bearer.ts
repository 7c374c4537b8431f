import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SynscError } from '../../errors.ts';
import type { WebUser } from '../services.ts';
import type { FindToken } from './accessTokens.ts';
import { hashToken } from './token.ts';

/** Who asks with a bearer token: the account, and the machine that is signed in to it. */
interface BearerUser extends WebUser {
  readonly device: string;
  /** Of the account's credentials, as the token was looked up. */
  readonly version: number;
  /** What the token reaches. */
  readonly scopes: readonly string[];
}

const users = new WeakMap<FastifyRequest, BearerUser>();

/** The user whose bearer token the request carries. */
export function bearerUser(request: FastifyRequest): BearerUser {
  const user = users.get(request);
  if (!user) throw new SynscError('NOT_SIGNED_IN', 'not signed in');
  return user;
}

/**
 * Admits requests with a live access token in their header only (RFC 6750 §2.1, §3.1), and with the
 * scope that `scopeOf` names.
 */
export function requireBearer(
  app: FastifyInstance,
  findToken: FindToken,
  scopeOf: (request: FastifyRequest) => string,
): void {
  app.addHook('onRequest', async (request, reply) => {
    if ((request.query as Record<string, unknown>).access_token !== undefined) {
      challenge(reply, 'invalid_request');
      throw new SynscError('INVALID_REQUEST', 'a token stands in the address', {
        hint: 'send it in the Authorization header, and revoke it: addresses are logged',
      });
    }
    const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(
      request.headers.authorization ?? '',
    )?.[1];
    if (!token) {
      challenge(reply);
      throw new SynscError('NOT_SIGNED_IN', 'no bearer token was sent');
    }
    const found = await findToken(hashToken(token));
    if (!found) {
      challenge(reply, 'invalid_token');
      throw new SynscError('NOT_SIGNED_IN', 'this token is not valid any more');
    }
    const needed = scopeOf(request);
    const scopes = found.scope.split(' ');
    if (!scopes.includes(needed)) {
      challenge(reply, 'insufficient_scope', needed);
      throw new SynscError('DENIED', 'the token does not reach that far');
    }
    const { id, email, name: device, version } = found;
    users.set(request, { id, email, device, version, scopes });
  });
}

/** RFC 6750 §3: without a token there is nothing to say but the scheme. */
function challenge(reply: FastifyReply, error?: string, scope?: string): void {
  const parts = ['realm="synsc"', error && `error="${error}"`, scope && `scope="${scope}"`];
  reply.header('www-authenticate', `Bearer ${parts.filter(Boolean).join(', ')}`);
}
