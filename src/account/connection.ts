import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { type ConnectionOptions, connect, rootCertificates, type TLSSocket } from 'node:tls';
import { bareHost } from '../address.ts';
import type { Dashboard } from './dashboard.ts';
import { vouchesFor } from './vouching.ts';

/** Milliseconds before the moment at which the other side closes a connection that is not used. */
const margin = 1_000;

/**
 * Keeps connections to one dashboard alive: TLS 1.3, and every one verified before anything is sent on
 * it. Node 20 parses all public authorities before it verifies by the one that is pinned (50 ms), so what
 * a dashboard of ours shows is judged by `vouchesFor`; everything else by TLS, as ever.
 */
export class Connections {
  readonly #host: string;
  readonly #port: number;
  readonly #trusted: Pick<Dashboard, 'ca' | 'moreAuthorities'>;
  readonly #open = new Set<TLSSocket>();
  /** Those that wait for an exchange, and how one of them is put to use. */
  readonly #idle = new Map<TLSSocket, () => void>();
  #knowsItsOwn: boolean;
  #ended = false;
  /** Opened before there is an exchange, for the first one. */
  #early: Promise<TLSSocket> | undefined;

  constructor({ url, ...trusted }: Dashboard) {
    const { hostname, port } = new URL(url);
    this.#host = bareHost(hostname);
    this.#port = Number(port || 443);
    this.#trusted = trusted;
    this.#knowsItsOwn = trusted.ca !== undefined;
  }

  /** Opens a connection now; what goes wrong is told by the first exchange. */
  prepare(): void {
    this.#early = this.#connect();
    this.#early.catch(() => undefined);
  }

  /** One that nobody else uses: kept from before, or new. Rejects with the system's error, or the one of TLS. */
  async take(): Promise<TLSSocket> {
    const [kept] = this.#idle;
    if (kept !== undefined) {
      const [socket, use] = kept;
      use();
      return socket;
    }
    const opened = this.#early;
    this.#early = undefined;
    const early = await opened;
    return early && !early.destroyed ? early : this.#connect();
  }

  /** Takes it back, after an exchange that it is good after; `seconds`: for so long, where the server says so. */
  keep(socket: TLSSocket, seconds: number | undefined): void {
    const events = ['data', 'end', 'error', 'close']; // nothing is to come on it now
    const drop = () => {
      use();
      socket.destroy();
    };
    const timer = seconds && setTimeout(drop, Math.max(0, seconds * 1_000 - margin)).unref();
    const use = () => {
      clearTimeout(timer);
      this.#idle.delete(socket);
      for (const event of events) socket.off(event, drop);
      socket.ref();
    };
    for (const event of events) socket.on(event, drop);
    socket.unref(); // it keeps no process alive
    this.#idle.set(socket, use);
  }

  /** Ends all of them, also those under way and in use. */
  close(): void {
    this.#ended = true;
    this.#early = undefined;
    for (const socket of this.#open) socket.destroy();
  }

  async #connect(): Promise<TLSSocket> {
    const own = this.#knowsItsOwn && (await this.#connectToOwn());
    if (own) return own;
    if (this.#ended) throw new Error('the connections were ended');
    this.#knowsItsOwn = false;
    const host = this.#host;
    return this.#secured({
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...trustIn(this.#trusted),
    });
  }

  /** Undefined when it shows anything but what `vouchesFor` knows, or isn't there. */
  async #connectToOwn(): Promise<TLSSocket | undefined> {
    // an address needs no look-up, and spares Node the pattern of IPv6 addresses (5 ms): RFC 6761 §6.3
    const host = this.#host === 'localhost' ? '127.0.0.1' : this.#host;
    const named = host === this.#host && isIP(host) === 0 ? { servername: host } : {};
    try {
      const look = { ca: [], rejectUnauthorized: false }; // verified here, before it is handed out
      const socket = await this.#secured({ host, ...named, ...look });
      const leaf = socket.getPeerX509Certificate();
      const authority = new X509Certificate(this.#trusted.ca ?? '');
      if (leaf && vouchesFor(authority, leaf, this.#host, Date.now())) return socket;
      socket.destroy();
    } catch {
      return undefined; // whatever is wrong is told by the connection that TLS verifies
    }
    return undefined;
  }

  /** Rejects with the system's error, or the one of TLS. */
  #secured(options: ConnectionOptions): Promise<TLSSocket> {
    const socket = connect({
      ...options,
      ...{ port: this.#port, minVersion: 'TLSv1.3', noDelay: true },
    });
    this.#open.add(socket);
    socket.once('close', () => void this.#open.delete(socket));
    return new Promise<TLSSocket>((resolve, reject) => {
      const closed = () => reject(new Error('the connection was closed'));
      socket.once('error', reject).once('close', closed);
      socket.once('secureConnect', () => {
        socket.off('error', reject).off('close', closed);
        socket.on('error', () => undefined); // who uses it hears of it too; at other times it concerns nobody
        resolve(socket);
      });
    });
  }
}

/** The pinned authority alone; else the public ones, and those that the user names for all programs. */
function trustIn({
  ca,
  moreAuthorities,
}: Pick<Dashboard, 'ca' | 'moreAuthorities'>): ConnectionOptions {
  // the pinned one may be an intermediate of a public chain, whose root nobody sends
  if (ca !== undefined) return { ca, allowPartialTrustChain: true };
  return moreAuthorities === undefined ? {} : { ca: [...rootCertificates, moreAuthorities] };
}
