import { isIP } from 'node:net';
import formbody from '@fastify/formbody';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { bareHost } from '../../address.ts';
import type { Services } from '../services.ts';
import { registerAssets } from './assets.ts';
import { registerFailure } from './failure.tsx';
import { requireSameOrigin } from './request.ts';
import { registerAccount } from './routes/account.tsx';
import { registerAudit } from './routes/audit.tsx';
import { registerCredentials } from './routes/credentials.tsx';
import { registerDevice } from './routes/device.tsx';
import { registerDevices } from './routes/devices.tsx';
import { registerSessions } from './routes/sessions.tsx';
import { registerSign } from './routes/sign.tsx';
import { registerVerify } from './routes/verify.tsx';

const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  // not no-referrer: that would make browsers send `Origin: null` with forms
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/**
 * Browsers keep this per host name, whatever the port: on localhost it would break every plain-HTTP
 * server of the user. For an address they ignore it (RFC 6797 §8.1).
 */
const strictTransport = { 'strict-transport-security': 'max-age=31536000' };

/** Adds the pages and their forms. The application has registered `@fastify/cookie`. */
export async function registerWeb(app: FastifyInstance, services: Services): Promise<void> {
  await app.register(async (web) => {
    web.addHook('onRequest', async (request, reply) => {
      reply.headers(hasOwnName(request) ? { ...headers, ...strictTransport } : headers);
      if (request.method === 'POST' && !request.is404) requireSameOrigin(request);
    });
    registerFailure(web, services);
    // what other sites may send without asking the browser first
    web.removeContentTypeParser('text/plain');
    if (!web.hasContentTypeParser('application/x-www-form-urlencoded'))
      await web.register(formbody);
    web.get('/', (_request, reply) => reply.redirect('/credentials', 303));
    await registerAssets(web);
    registerSign(web, services);
    registerVerify(web, services);
    registerAccount(web, services);
    registerCredentials(web, services);
    registerDevice(web, services);
    registerDevices(web, services);
    registerSessions(web, services);
    registerAudit(web, services);
  });
}

/** Whether the dashboard was reached by a name of its own: not as localhost, not by an address. */
function hasOwnName({ hostname }: FastifyRequest): boolean {
  return !/(^|\.)localhost\.?$/i.test(hostname) && isIP(bareHost(hostname)) === 0;
}
