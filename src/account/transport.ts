import { Readable } from 'node:stream';
import { codeOf, SynscError } from '../errors.ts';
import type { Head } from './answer.ts';
import { Connections } from './connection.ts';
import type { Dashboard } from './dashboard.ts';
import { exchangeOn, type Hearer, type Request, requestBytes } from './exchange.ts';
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

/** A request to the dashboard, which can be given up. */
export interface Exchange extends Omit<Request, 'url' | 'headers'> {
  readonly headers?: Request['headers'];
  readonly signal?: AbortSignal | undefined;
}

export interface Answer extends Head {
  readonly body: string;
}

/** An answer whose body its reader takes as it comes, and ends. */
export interface OpenAnswer extends Head {
  readonly body: Readable;
}

/** HTTPS to one dashboard over kept-alive connections; TLS 1.3, fully verified, no redirects. */
export class Transport {
  readonly #dashboard: Dashboard;
  readonly #connections: Connections;

  constructor(dashboard: Dashboard) {
    this.#dashboard = dashboard;
    this.#connections = new Connections(dashboard);
  }

  /** Opens a connection for the first exchange. */
  prepare(): void {
    this.#connections.prepare();
  }

  /** Throws DASHBOARD_UNREACHABLE, UNTRUSTED_DASHBOARD or SYNC_FAILED (an answer over 2 MiB). */
  async send(exchange: Exchange): Promise<Answer> {
    try {
      return await this.#whole(exchange);
    } catch (cause) {
      throw await this.#explain(cause, exchange.signal);
    }
  }

  /** The same as soon as its head has come. */
  async open(exchange: Exchange): Promise<OpenAnswer> {
    try {
      return await this.#begun(exchange);
    } catch (cause) {
      throw await this.#explain(cause, exchange.signal);
    }
  }

  close(): void {
    this.#connections.close();
  }

  #whole(exchange: Exchange): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let size = 0;
      let answer: Head;
      this.#exchange(exchange, 'end', {
        head(head) {
          answer = head;
        },
        body(bytes) {
          chunks.push(bytes);
          size += bytes.length;
          if (size <= answerLimit) return;
          throw new SynscError('SYNC_FAILED', 'the answer is larger than 2 MiB');
        },
        end: () => resolve({ ...answer, body: Buffer.concat(chunks).toString('utf8') }),
        failed: reject,
      });
    });
  }

  #begun(exchange: Exchange): Promise<OpenAnswer> {
    return new Promise((resolve, reject) => {
      const body = new Readable({
        read: () => undefined, // it is small, and comes when it wants
        destroy(error, done) {
          giveUp(error ?? new Error('its reader has gone'));
          done(error);
        },
      });
      body.on('error', () => undefined); // whoever reads it hears of it, and before that there is nobody
      const giveUp = this.#exchange(exchange, 'head', {
        head: (head) => resolve({ ...head, body }),
        body: (bytes) => void body.push(bytes),
        end: () => void body.push(null),
        failed(error) {
          reject(error);
          body.destroy(error);
        },
      });
    });
  }

  /**
   * Gives an exchange up at the time limit, which counts until its head or its end has come, when it is
   * aborted, and when the returned function is called: its hearer is told the reason.
   */
  #exchange(
    { signal, headers, ...exchange }: Exchange,
    limited: 'head' | 'end',
    hearer: Hearer,
  ): (reason: Error) => void {
    const { url } = this.#dashboard;
    const fields = { accept: 'application/json', ...headers };
    const bytes = requestBytes({ ...exchange, url, headers: fields });
    const settled = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      stop = () => undefined;
    };
    const told: Hearer = {
      head(head) {
        if (limited === 'head') clearTimeout(timer);
        hearer.head(head);
      },
      body: (chunk) => hearer.body(chunk),
      end() {
        settled();
        hearer.end();
      },
      failed(error) {
        settled();
        hearer.failed(error);
      },
    };
    let stop: (reason: Error) => void = told.failed;
    const giveUp = (reason: Error) => stop(reason);
    const aborted = () => giveUp(signal?.reason as Error);
    const timer = setTimeout(() => giveUp(timedOut()), answerTimeout);
    signal?.addEventListener('abort', aborted);
    this.#connections.take().then((socket) => {
      const free = ({ headers }: Head) => this.#connections.keep(socket, keptFor(headers));
      if (stop === told.failed) stop = exchangeOn(socket, bytes, told, free);
      else this.#connections.keep(socket, undefined);
    }, giveUp);
    if (signal?.aborted) queueMicrotask(aborted);
    return giveUp;
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

/** Seconds for which the dashboard keeps a connection that is not used (RFC 2068 §19.7.1.1). */
function keptFor({ 'keep-alive': hint = '' }: Head['headers']): number | undefined {
  const [, seconds] = /\btimeout=(\d{1,6})/.exec(hint) ?? [];
  return seconds === undefined ? undefined : Number(seconds);
}
