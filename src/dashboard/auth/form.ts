import type { FastifyRequest } from 'fastify';
import { clientId } from '../../../protocol/dashboard/device.ts';

type Code =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'unsupported_grant_type'
  | 'authorization_pending'
  | 'slow_down'
  | 'access_denied'
  | 'expired_token'
  | 'temporarily_unavailable';

/** A refusal of RFC 6749 §5.2 or RFC 8628 §3.5. */
export class OAuthError extends Error {
  readonly error: Code;

  constructor(error: Code, description: string = error.replaceAll('_', ' ')) {
    super(description);
    this.error = error;
  }
}

export type Form = Readonly<Record<string, string>>;

/**
 * The form of a request; `invalid_request` when it is none, or repeats a parameter. An empty parameter
 * is as good as none (RFC 6749 §3.2).
 */
export function readForm(request: FastifyRequest): Form {
  const { body } = request;
  if (typeof body !== 'object' || body === null) {
    throw new OAuthError('invalid_request', 'the body must be application/x-www-form-urlencoded');
  }
  const entries = Object.entries(body).map(([name, value]: [string, unknown]) => {
    if (typeof value === 'string') return [name, value] as const;
    throw new OAuthError('invalid_request', 'a parameter is given more than once');
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== ''));
}

/** A parameter that must be there. */
export function required(form: Form, name: string): string {
  const value = form[name];
  if (value === undefined) throw new OAuthError('invalid_request', `${name} is missing`);
  return value;
}

export function requireClient(form: Form): void {
  if (required(form, 'client_id') !== clientId) {
    throw new OAuthError('invalid_client', 'unknown client');
  }
}
