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

export type Form = Readonly<Record<string, unknown>>;

/** The form of a request; `invalid_request` when it is none. */
export function readForm(request: FastifyRequest): Form {
  const { body } = request;
  if (typeof body !== 'object' || body === null) {
    throw new OAuthError('invalid_request', 'the body must be application/x-www-form-urlencoded');
  }
  return body as Form;
}

/** An empty parameter is as good as none, a repeated one is refused (RFC 6749 §3.2). */
export function parameter(form: Form, name: string): string | undefined {
  const value = form[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') {
    throw new OAuthError('invalid_request', `${name} is given more than once`);
  }
  return value;
}

export function requireClient(form: Form): void {
  const id = parameter(form, 'client_id');
  if (!id) throw new OAuthError('invalid_request', 'client_id is missing');
  if (id !== clientId) throw new OAuthError('invalid_client', 'unknown client');
}
