import formbody from '@fastify/formbody';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  deviceGrantType,
  scope as fullScope,
  refreshGrantType,
  retryParameter,
} from '../../../protocol/dashboard/device.ts';
import { SynscError } from '../../errors.ts';
import { frameworkStatus } from '../status.ts';
import type { Context } from '../store/context.ts';
import { type Form, OAuthError, readForm, requireClient, required } from './form.ts';
import { type Asking, redeem, renew, requestDevice } from './grant.ts';
import { hashToken } from './token.ts';
import { countTry, limits } from './tries.ts';

/** Seconds after which a place among those who wait may be free again. */
const crowded = 60;

/**
 * The authorisation server: RFC 8414 metadata, RFC 8628 device flow, RFC 6749 refresh, RFC 7009
 * revocation.
 */
export async function registerOAuth(
  app: FastifyInstance,
  context: Context,
  baseUrl: (request: FastifyRequest) => string,
): Promise<void> {
  app.removeAllContentTypeParsers();
  await app.register(formbody, { bodyLimit: 16 * 1024 });
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' });
  });
  app.setErrorHandler(answerError);

  app.get('/.well-known/oauth-authorization-server', async (request) => metadata(baseUrl(request)));
  app.post('/oauth/device_authorization', async (request) => {
    const form = readForm(request);
    requireClient(form);
    await countTry(context.store, limits.device(request.ip));
    return requestDevice(context, {
      ...asking(form),
      scope: checkScope(form.scope) ?? fullScope,
      address: request.ip,
      baseUrl: baseUrl(request),
    });
  });
  app.post('/oauth/token', async (request) => {
    const form = readForm(request);
    requireClient(form);
    return issue(context, form, request.ip);
  });
  app.post('/oauth/revoke', async (request, reply) => {
    const form = readForm(request);
    requireClient(form);
    const token = hashToken(required(form, 'token'));
    await context.store.tx(null, (query) => query('revokeToken', [token, request.ip]));
    return reply.send();
  });
}

/** The token endpoint, for either grant. */
async function issue(context: Context, form: Form, address: string) {
  const grantType = required(form, 'grant_type');
  if (grantType === deviceGrantType) {
    return redeem(context, required(form, 'device_code'), address);
  }
  if (grantType === refreshGrantType) {
    return renew(context, {
      refreshToken: required(form, 'refresh_token'),
      retryKey: form[retryParameter],
      scope: checkScope(form.scope),
      address,
    });
  }
  throw new OAuthError('unsupported_grant_type');
}

function metadata(issuer: string) {
  return {
    issuer,
    device_authorization_endpoint: `${issuer}/oauth/device_authorization`,
    token_endpoint: `${issuer}/oauth/token`,
    revocation_endpoint: `${issuer}/oauth/revoke`,
    grant_types_supported: [deviceGrantType, refreshGrantType],
    response_types_supported: [],
    scopes_supported: fullScope.split(' '),
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint_auth_methods_supported: ['none'],
  };
}

/** Parameters of synsc's own; other clients leave them out. */
function asking(form: Form): Asking {
  // what would not show, or would turn round what stands beside it, is left out
  const text = (name: string) =>
    (form[name] ?? '').replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '').slice(0, 255);
  return {
    name: text('device_name') || 'unnamed machine',
    host: text('device_host'),
    osUser: text('device_user'),
  };
}

/** The scope that was asked for, each part once; undefined when none was (RFC 6749 §3.3). */
function checkScope(asked: string | undefined): string | undefined {
  if (asked === undefined) return undefined;
  const known = fullScope.split(' ');
  const wanted = asked.split(' ');
  if (wanted.some((part) => !known.includes(part))) throw new OAuthError('invalid_scope');
  return known.filter((part) => wanted.includes(part)).join(' ');
}

/** RFC 6749 §5.2: mostly 400, and a JSON body; what the framework refuses (type, size) is invalid too. */
function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  if (error instanceof OAuthError) {
    const body = { error: error.error, error_description: error.message };
    if (error.error === 'temporarily_unavailable') {
      return reply.code(503).header('retry-after', crowded).send(body);
    }
    // a client that tried to authenticate is told by which scheme it cannot
    const tried = error.error === 'invalid_client' && request.headers.authorization !== undefined;
    if (!tried) return reply.code(400).send(body);
    return reply.code(401).header('www-authenticate', 'Basic realm="synsc"').send(body);
  }
  if (error instanceof SynscError && error.code === 'RATE_LIMITED') {
    const { message, hint, retryAfter } = error;
    const body = { error: 'temporarily_unavailable', error_description: `${message}: ${hint}` };
    return reply.code(429).header('retry-after', retryAfter).send(body);
  }
  if (frameworkStatus(error) < 500) {
    return reply.code(400).send({
      error: 'invalid_request',
      error_description: 'the body must be application/x-www-form-urlencoded',
    });
  }
  request.log.error({ fault: error instanceof Error ? error.name : 'unknown' }, 'oauth failed');
  return reply.code(500).send({ error: 'server_error' });
}
