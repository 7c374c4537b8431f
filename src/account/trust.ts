import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { bareHost } from '../address.ts';
import { codeOf, SynscError } from '../errors.ts';

/** Milliseconds that a dashboard has for everything: connecting, and the last byte of its answer. */
export const answerTimeout = 15_000;

/** 64 lower-case hex digits; colons and either case are accepted. Throws USAGE for anything else. */
export function normalFingerprint(text: string): string {
  const hex = text.replaceAll(':', '').toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return hex;
  throw new SynscError('USAGE', 'a CA fingerprint is a SHA-256: 64 hex digits', {
    hint: 'copy it from the output of `synsc dashboard`, or say `public` for any trusted authority',
    field: 'caSha256',
  });
}

/** Undefined when the text is not a certificate. */
export function certificateFingerprint(pem: string): string | undefined {
  try {
    return normalFingerprint(new X509Certificate(pem).fingerprint256);
  } catch {
    return undefined;
  }
}

/**
 * PEM of the certificate with this SHA-256 in the chain that the dashboard shows. Nothing is sent on
 * the connection; real requests then verify chain and host name against this certificate.
 */
export async function fetchAuthority(url: string, sha256: string): Promise<string> {
  const chain = await shownChain(url);
  const found = chain.find((certificate) => fingerprint(certificate) === sha256);
  if (found === undefined) throw untrusted(url, chain);
  return new X509Certificate(found.raw).toString();
}

/** The refusal of a dashboard that nobody vouches for, with the fingerprint that it shows. */
export async function untrustedDashboard(url: string): Promise<SynscError> {
  return untrusted(url, await shownChain(url));
}

/** Why an exchange ended that took longer than `answerTimeout`. */
export function timedOut(): Error {
  return Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' });
}

const cutOff =
  'what is there ended in the middle, or is no dashboard: check the address, and a proxy between';
/** What to do about a reason that is not that nobody is there. */
const hints: Readonly<Record<string, string>> = {
  ECONNRESET: cutOff,
  EPROTO: cutOff,
  ERR_SSL_WRONG_VERSION_NUMBER: 'what is there speaks no TLS: check the port',
  ENOTFOUND: 'check the name of the host: --dashboard, SYNSC_DASHBOARD_URL or the settings file',
  ETIMEDOUT: 'nothing came within 15 seconds: check the network and the dashboard, and try again',
};

/** DASHBOARD_UNREACHABLE with the URL and the operating system's word for the reason. */
export function unreachable(url: string, cause: unknown): SynscError {
  const code = codeOf(cause);
  const reason = code === '' ? '' : ` (${code})`;
  return new SynscError('DASHBOARD_UNREACHABLE', `cannot reach the dashboard at ${url}${reason}`, {
    cause,
    ...(hints[code] !== undefined && { hint: hints[code] }),
  });
}

function untrusted(url: string, chain: readonly DetailedPeerCertificate[]): SynscError {
  const last = chain.at(-1);
  const shown = last === undefined ? 'no certificate' : `a CA with SHA-256 ${fingerprint(last)}`;
  return new SynscError(
    'UNTRUSTED_DASHBOARD',
    `the dashboard at ${url} is not trusted: it shows ${shown}`,
  );
}

function fingerprint(certificate: DetailedPeerCertificate): string {
  return normalFingerprint(certificate.fingerprint256);
}

/** Certificates from the leaf to the last issuer that the server sent. */
function shownChain(url: string): Promise<DetailedPeerCertificate[]> {
  const { hostname, port } = new URL(url);
  const host = bareHost(hostname);
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port || 443),
      rejectUnauthorized: false, // to look at the chain only: nothing is sent
      ca: [], // or Node 20 parses all public authorities first, for 28 ms
      minVersion: 'TLSv1.3',
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    const timer = setTimeout(() => {
      socket.destroy(timedOut());
    }, answerTimeout);
    socket.once('close', () => clearTimeout(timer));
    socket.once('error', (cause) => reject(unreachable(url, cause)));
    socket.once('secureConnect', () => {
      resolve(walk(socket.getPeerCertificate(true)));
      socket.destroy();
    });
  });
}

function walk(leaf: DetailedPeerCertificate): DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [];
  let next: DetailedPeerCertificate | undefined = leaf;
  while (next?.raw !== undefined && !chain.includes(next)) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}
