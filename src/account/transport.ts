import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { codeOf, SynscError } from '../errors.ts';
import { DashboardAgent } from './connection.ts';
import type { Dashboard } from './dashboard.ts';
import { answerTimeout, timedOut, unreachable, untrustedDashboard } from './trust.ts';

const answerLimit = 2 * 1024 * 1024;

/** Codes of node:tls for a chain that ends in an unknown authority. */
const untrustedCodes = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
]);
/** Codes for a chain of the right authority that is not good for this host or this day. */
const invalidCodes = new Set([
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
]);

export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** HTTPS to one dashboard over kept-alive connections; TLS 1.3, fully verified, no redirects. */
export class Transport {
  readonly #dashboard: Dashboard;
  readonly #agent: DashboardAgent;

  constructor(dashboard: Dashboard) {
    this.#dashboard = dashboard;
    this.#agent = new DashboardAgent(dashboard);
  }

  /** Opens a connection for the first exchange. */
  prepare(): void {
    this.#agent.prepare();
  }

  /** Throws DASHBOARD_UNREACHABLE, UNTRUSTED_DASHBOARD or SYNC_FAILED (an answer over 2 MiB). */
  async send(exchange: Exchange): Promise<Answer> {
    try {
      return await this.#exchange(exchange);
    } catch (cause) {
      throw await this.#explain(cause, exchange.signal);
    }
  }

  /** The head of an answer that its reader takes as it comes, and ends. Throws as `send` does. */
  async open(exchange: Exchange): Promise<IncomingMessage> {
    const outgoing = this.#request(exchange);
    try {
      return await new Promise((resolve, reject) => {
        const timer = setTimeout(() => void outgoing.destroy(timedOut()), answerTimeout);
        outgoing.once('error', reject);
        outgoing.once('response', resolve);
        for (const done of ['response', 'close']) outgoing.once(done, () => clearTimeout(timer));
        outgoing.end(exchange.body);
      });
    } catch (cause) {
      throw await this.#explain(cause, exchange.signal);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #request({ method, path, headers = {}, body, signal }: Exchange): ClientRequest {
    const options = {
      method,
      agent: this.#agent,
      servername: '', // its agent knows it: Node would try the pattern of IPv6 addresses on the host
      headers: { accept: 'application/json', ...headers, ...length(body) },
      ...(signal === undefined ? {} : { signal }),
    };
    return request(new URL(path, this.#dashboard.url), options);
  }

  #exchange(exchange: Exchange): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = this.#request(exchange);
      const timer = setTimeout(() => {
        reject(timedOut());
        outgoing.destroy();
      }, answerTimeout);
      outgoing.once('close', () => clearTimeout(timer));
      outgoing.once('error', reject);
      outgoing.once('response', (response) => {
        const { statusCode: status = 0, headers } = response;
        readBody(response, (body) => resolve({ status, headers, body }), reject);
      });
      outgoing.end(exchange.body);
    });
  }

  async #explain(cause: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    if (cause instanceof SynscError || signal?.aborted) return cause;
    const { url } = this.#dashboard;
    const code = codeOf(cause);
    if (untrustedCodes.has(code))
      return untrustedDashboard(url).catch((failure: unknown) => failure);
    if (invalidCodes.has(code)) {
      const reason = `the certificate of ${url} is not valid for it (${code})`;
      const hint = 'check the address and the clock of this machine';
      return new SynscError('UNTRUSTED_DASHBOARD', reason, { cause, hint });
    }
    return unreachable(url, cause);
  }
}

function length(body: string | undefined): Record<string, string> {
  return body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
}

/** By its events: an iterator costs a millisecond. */
function readBody(
  response: IncomingMessage,
  done: (body: string) => void,
  failed: (error: Error) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size <= answerLimit) return;
    response.destroy(new SynscError('SYNC_FAILED', 'the answer is larger than 2 MiB'));
  });
  response.once('error', failed);
  response.once('end', () => done(Buffer.concat(chunks).toString('utf8')));
}
