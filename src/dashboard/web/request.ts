// for the types that it adds to requests and replies
import type {} from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SynscError } from '../../errors.ts';
import {
  proofLifetime,
  type Services,
  type Site,
  type WebUser,
  webSessionLifetime,
} from '../services.ts';

/** `__Host-`: browsers take it over TLS only, for this host only (RFC 6265bis §4.1.3.2). */
const cookieName = '__Host-synsc';
const cookieOptions = { path: '/', secure: true, httpOnly: true, sameSite: 'lax' } as const;

/** Who asks, and by which session cookie. */
export interface SignedIn {
  readonly user: WebUser;
  readonly cookie: string;
  /** Whether they showed a password or passkey just now. */
  readonly proved: boolean;
}

export async function signedIn(
  services: Services,
  request: FastifyRequest,
): Promise<SignedIn | undefined> {
  const cookie = request.cookies[cookieName];
  if (cookie === undefined) return undefined;
  const found = await services.webUser(cookie);
  if (!found) return undefined;
  const { provedAt, ...user } = found;
  return { user, cookie, proved: Date.now() - provedAt.getTime() < proofLifetime };
}

export function giveCookie(reply: FastifyReply, value: string): void {
  reply.setCookie(cookieName, value, { ...cookieOptions, maxAge: webSessionLifetime });
}

export function takeCookie(reply: FastifyReply): void {
  reply.clearCookie(cookieName, cookieOptions);
}

/** What passkeys are bound to: the address in the browser, since a page of ours sent the request. */
export function siteOf(request: FastifyRequest): Site {
  return { origin: `https://${request.host}`, host: request.hostname };
}

/** What a new session says about the browser that opened it. */
export function browserOf(request: FastifyRequest): { address: string; agent: string } {
  return { address: request.ip, agent: request.headers['user-agent'] ?? '' };
}

/** Throws DENIED unless the browser says that one of our own pages sent the request. */
export function requireSameOrigin(request: FastifyRequest): void {
  const { origin, 'sec-fetch-site': site = 'same-origin' } = request.headers;
  if (origin === `https://${request.host}` && site === 'same-origin') return;
  throw new SynscError('DENIED', 'this request did not come from a page of the dashboard', {
    hint: 'open the dashboard in this browser and send the form again',
  });
}

export function wantsJson(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('application/json') ?? false;
}

/** Browsers name HTML when they open an address; programs do not. */
export function wantsPage(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/html') ?? false;
}

/** The text fields of a form or of a JSON body; anything else in it is left out. */
export function formOf(request: FastifyRequest): Record<string, string> {
  const body = request.body;
  if (typeof body !== 'object' || body === null) return {};
  return Object.fromEntries(
    Object.entries(body).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** A text parameter of the query; undefined where it is missing or repeated. */
export function queryText(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}

/** `target` when it is a path of this dashboard, so that no link redirects elsewhere. */
export function localPath(target: string | undefined): string | undefined {
  if (target === undefined || !target.startsWith('/')) return undefined;
  const base = 'https://local.invalid';
  if (!URL.canParse(target, base)) return undefined;
  const url = new URL(target, base);
  return url.origin === base && !url.pathname.startsWith('//')
    ? url.pathname + url.search
    : undefined;
}

/** What an authenticator answered, as the island puts it into the form. */
export function passkeyAnswer(form: Record<string, string>): unknown {
  try {
    return JSON.parse(form.response ?? '');
  } catch {
    throw new SynscError('INVALID_PARAMS', 'no passkey was shown', {
      hint: 'try again, or use your password',
    });
  }
}
