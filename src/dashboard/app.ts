import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import { answerError } from './api/error.ts';
import { registerApi } from './api/routes.ts';
import { registerOAuth } from './auth/oauth.ts';
import type { Services } from './services.ts';
import type { Context } from './store/context.ts';
import { withOrigin } from './store/origin.ts';
import { registerWeb } from './web/routes.ts';

export interface AppOptions {
  readonly services: Services;
  readonly context: Context;
  readonly logger: Logger;
  /** PEM: the leaf and its CA; the leaf's key. */
  readonly tls: { certificate: string; key: string };
  /** The address under which the request reached the dashboard, without a path. */
  readonly baseUrl: (request: FastifyRequest) => string;
}

export const tlsOptions = { minVersion: 'TLSv1.3' } as const;

/** Headers of every answer. */
const everywhere = { 'x-content-type-options': 'nosniff' } as const;

/** The whole HTTPS server, not yet listening. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { services, context, logger, tls, baseUrl } = options;
  const server = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    bodyLimit: 256 * 1024,
    // a request that comes drop by drop holds its connection no longer
    requestTimeout: 60_000,
    frameworkErrors: (error, request, reply) => {
      reply.headers(everywhere);
      answerError(error, request as FastifyRequest, reply as FastifyReply);
    },
    https: { ...tlsOptions, cert: tls.certificate, key: tls.key },
  });
  const app = server as unknown as FastifyInstance;
  app.setErrorHandler(answerError);
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(everywhere);
    withOrigin({ address: request.ip, agent: request.headers['user-agent'] ?? '' }, done);
  });
  app.get('/health', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
    return { status: 'ok' };
  });
  await app.register((scope) => registerOAuth(scope, context, baseUrl));
  await app.register((scope) => registerApi(scope, context));
  await app.register(async (scope) => {
    await scope.register(formbody);
    await scope.register(cookie);
    await registerWeb(scope, services);
  });
  return app;
}
