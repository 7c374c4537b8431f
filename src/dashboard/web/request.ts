// for the types that it adds to requests and replies
import type {} from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SynscError } from '../../errors.ts';
import { type Services, type WebUser, webSessionLifetime } from '../services.ts';

/** `__Host-`: browsers take it over TLS only, for this host only (RFC 6265bis §4.1.3.2). */
const cookieName = '__Host-synsc';
const cookieOptions = { path: '/', secure: true, httpOnly: true, sameSite: 'lax' } as const;

/** Who asks, and by which session cookie. */
export interface SignedIn {
  readonly user: WebUser;
  readonly cookie: string;
}

export async function signedIn(
  services: Services,
  request: FastifyRequest,
): Promise<SignedIn | undefined> {
  const cookie = request.cookies[cookieName];
  if (cookie === undefined) return undefined;
  const user = await services.webUser(cookie);
  return user && { user, cookie };
}

export function giveCookie(reply: FastifyReply, value: string): void {
  reply.setCookie(cookieName, value, { ...cookieOptions, maxAge: webSessionLifetime });
}

export function takeCookie(reply: FastifyReply): void {
  reply.clearCookie(cookieName, cookieOptions);
}

/** Throws DENIED unless the browser says that one of our own pages sent the request. */
export function requireSameOrigin(request: FastifyRequest): void {
  if (request.headers.origin === `https://${request.host}`) return;
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
