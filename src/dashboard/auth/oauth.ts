import formbody from '@fastify/formbody';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { deviceGrantType, scope as fullScope } from '../../../protocol/dashboard/device.ts';
import type { Context } from '../store/context.ts';
import { OAuthError, parameter, readForm, requireClient } from './form.ts';
import { redeem, requestDevice } from './grant.ts';
import { hashToken } from './token.ts';

/** The authorisation server: RFC 8414 metadata, RFC 8628 device flow, RFC 7009 revocation. */
export async function registerOAuth(
  app: FastifyInstance,
  context: Context,
  baseUrl: (request: FastifyRequest) => string,
): Promise<void> {
  app.removeAllContentTypeParsers();
  await app.register(formbody, { bodyLimit: 16 * 1024 });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  app.setErrorHandler(answerError);

  app.get('/.well-known/oauth-authorization-server', async (request) => metadata(baseUrl(request)));
  app.post('/oauth/device_authorization', async (request) => {
    const form = readForm(request);
    requireClient(form);
    return requestDevice(context, {
      scope: checkScope(parameter(form, 'scope')),
      deviceName: (parameter(form, 'device_name') ?? 'unnamed machine').slice(0, 255),
      address: request.ip,
      baseUrl: baseUrl(request),
    });
  });
  app.post('/oauth/token', async (request) => {
    const form = readForm(request);
    requireClient(form);
    const grantType = parameter(form, 'grant_type');
    if (!grantType) throw new OAuthError('invalid_request', 'grant_type is missing');
    if (grantType !== deviceGrantType) throw new OAuthError('unsupported_grant_type');
    const code = parameter(form, 'device_code');
    if (!code) throw new OAuthError('invalid_request', 'device_code is missing');
    return redeem(context, code);
  });
  app.post('/oauth/revoke', async (request, reply) => {
    const form = readForm(request);
    requireClient(form);
    const token = parameter(form, 'token');
    if (!token) throw new OAuthError('invalid_request', 'token is missing');
    await context.store.tx(null, (query) => query('revokeToken', [hashToken(token), request.ip]));
    return reply.send();
  });
}

function metadata(issuer: string) {
  return {
    issuer,
    device_authorization_endpoint: `${issuer}/oauth/device_authorization`,
    token_endpoint: `${issuer}/oauth/token`,
    revocation_endpoint: `${issuer}/oauth/revoke`,
    grant_types_supported: [deviceGrantType],
    response_types_supported: [],
    scopes_supported: fullScope.split(' '),
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint_auth_methods_supported: ['none'],
  };
}

/** The scope to grant: what was asked for, all when nothing was (RFC 6749 §3.3). */
function checkScope(asked: string | undefined): string {
  if (!asked) return fullScope;
  const known = fullScope.split(' ');
  const wanted = asked.split(' ');
  if (wanted.some((part) => !known.includes(part))) throw new OAuthError('invalid_scope');
  return known.filter((part) => wanted.includes(part)).join(' ');
}

/** RFC 6749 §5.2. What fastify itself refuses (media type, size) is an invalid request too. */
function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  if (error instanceof OAuthError) {
    return reply.code(400).send({ error: error.error, error_description: error.message });
  }
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status < 500) {
    return reply.code(400).send({
      error: 'invalid_request',
      error_description: 'the body must be application/x-www-form-urlencoded',
    });
  }
  request.log.error({ fault: error instanceof Error ? error.name : 'unknown' }, 'oauth failed');
  return reply.code(500).send({ error: 'server_error' });
}
