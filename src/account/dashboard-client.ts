import type { Readable } from 'node:stream';
import {
  errorResponse,
  type StatusResponse,
  type SyncResponse,
  statusResponse,
  syncResponse,
} from '../../protocol/dashboard/answers.ts';
import { clientId } from '../../protocol/dashboard/device.ts';
import { eventsPath } from '../../protocol/dashboard/events.ts';
import type { SessionStart, SessionUpdate, SyncRequest } from '../../protocol/dashboard/sync.ts';
import { object, read, type Shape, string, unknown } from '../../protocol/shape.ts';
import { SynscError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { Access, AccessOver } from './access.ts';
import type { Head } from './answer.ts';
import type { Dashboard } from './dashboard.ts';
import { type Answer, type Exchange, Transport } from './transport.ts';

const sessionStarted = object({ id: string });

/**
 * The dashboard's API for the command line. Every call throws NOT_SIGNED_IN (401),
 * DASHBOARD_UNREACHABLE, UNTRUSTED_DASHBOARD, or SYNC_FAILED for everything else.
 */
export class DashboardClient {
  readonly #transport: Transport;
  readonly #access: Access | undefined;

  constructor({ access, ...dashboard }: Dashboard & { readonly access?: AccessOver }) {
    this.#transport = new Transport(dashboard);
    this.#access = access?.(this.#transport);
  }

  /** Opens a connection and gets an access token ready, for the first call; what goes wrong is told by that. */
  prepare(): void {
    this.#transport.prepare();
    this.#access?.current().catch(() => undefined);
  }

  /** Credentials, sealed to the session's key. */
  sync(request: SyncRequest): Promise<SyncResponse> {
    return this.#call('POST', '/api/cli/sync', syncResponse, request);
  }

  /** Account and credentials, masked. */
  status(): Promise<StatusResponse> {
    return this.#call('GET', '/api/cli/status', statusResponse);
  }

  /** Opens the record of a session. */
  startSession(session: SessionStart): Promise<{ id: string }> {
    return this.#call('POST', '/api/cli/sessions', sessionStarted, session);
  }

  async updateSession(id: string, update: SessionUpdate): Promise<void> {
    await this.#call('PATCH', `/api/cli/sessions/${encodeURIComponent(id)}`, unknown, update);
  }

  /**
   * The events of `protocol/dashboard/events.ts`, for whoever holds a version of the credentials; its
   * reader ends it. Undefined where the dashboard has no stream for us.
   */
  async events(version: number | undefined, signal: AbortSignal): Promise<Readable | undefined> {
    const exchange: Exchange = {
      ...{ method: 'GET', path: eventsPath, signal },
      headers: {
        accept: 'text/event-stream',
        ...(version === undefined ? {} : { 'last-event-id': String(version) }),
      },
    };
    const open = async (one: Exchange) => {
      const answer = await this.#transport.open(one);
      if (answer.status !== 200) answer.body.destroy();
      return answer;
    };
    const { body, ...head } = await this.#authorised(exchange, open);
    if (head.status === 200) return body;
    if (head.status === 404 || head.status === 429) return undefined;
    throw refusal({ ...head, body: '' });
  }

  /** RFC 7009: also succeeds for a token that the dashboard does not know (any more). No NOT_SIGNED_IN. */
  async revoke(token: Secret): Promise<void> {
    const parameters = { token: token.expose().toString('latin1'), client_id: clientId };
    const answer = await this.postForm('/oauth/revoke', parameters);
    if (answer.status !== 200) throw failed(answer);
  }

  /** A form of the OAuth endpoints, without the token; the answer as it came, whatever its status. */
  postForm(
    path: string,
    parameters: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<Answer> {
    return this.#transport.send({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(parameters).toString(),
      signal,
    });
  }

  /** Ends kept-alive connections. */
  close(): void {
    this.#transport.close();
  }

  /** With an access token, and once more with another one when it was refused. */
  async #authorised<T extends Head>(
    exchange: Exchange,
    send: (exchange: Exchange) => Promise<T>,
  ): Promise<T> {
    const token = await this.#access?.current();
    if (!token) return send(exchange);
    const answer = await send(withToken(exchange, token));
    if (answer.status !== 401) return answer;
    const other = await this.#access?.replace(token);
    return other ? send(withToken(exchange, other)) : answer;
  }

  async #call<T>(
    method: 'GET' | 'POST' | 'PATCH',
    path: string,
    shape: Shape<T>,
    body?: unknown,
  ): Promise<T> {
    const answer = await this.#authorised(
      {
        ...{ method, path },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      (one) => this.#transport.send(one),
    );
    if (answer.status < 200 || answer.status > 299) throw refusal(answer);
    const result = read(shape, answer.body === '' ? 'null' : answer.body);
    if (result !== undefined) return result;
    throw new SynscError(
      'SYNC_FAILED',
      `the dashboard gave an answer that cannot be read to ${path}`,
    );
  }
}

function withToken(exchange: Exchange, token: Secret): Exchange {
  const authorization = `Bearer ${token.expose().toString('latin1')}`;
  const type = exchange.body === undefined ? {} : { 'content-type': 'application/json' };
  return { ...exchange, headers: { ...exchange.headers, authorization, ...type } };
}

function refusal(answer: Answer): SynscError {
  if (answer.status === 401) {
    return new SynscError('NOT_SIGNED_IN', 'the token was revoked or has expired');
  }
  return failed(answer);
}

function failed({ status, body, headers }: Answer): SynscError {
  const answer = read(errorResponse, body);
  const message = answer ? printable(answer.error.message) : 'no reason given';
  const hint = hintFor(status, headers['retry-after']);
  return new SynscError('SYNC_FAILED', `the dashboard refused (${status}): ${message}`, {
    ...(hint !== undefined && { hint }),
  });
}

/** Undefined: nothing more than the error table says. */
function hintFor(status: number, after = ''): string | undefined {
  if (status >= 300 && status < 400)
    return 'it sends elsewhere, where nobody follows: name that address';
  if (status !== 429 && status < 500) return undefined;
  const pause = /^\d{1,6}$/.test(after) ? `${after} seconds` : 'a minute';
  return `try again in ${pause}; the dashboard's own output tells more`;
}

/** One line without terminal controls: the text comes from another machine. */
export function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, ' ').slice(0, 300);
}
