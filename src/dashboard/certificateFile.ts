import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { bareHost } from '../address.ts';
import { codeOf, SynscError } from '../errors.ts';
import type { CertificateFiles } from './config.ts';
import type { Tls } from './tls.ts';

/** A certificate and its key from files of the operator's. USAGE says which file is wrong, and how. */
export async function readCertificate(files: CertificateFiles, now = Date.now()): Promise<Tls> {
  const [pem, keyPem] = await Promise.all([read(files.certificate), readKey(files.key)]);
  const chain = chainOf(pem, files.certificate);
  const [leaf, last] = [chain[0], chain.at(-1)];
  if (!leaf || !last) throw wrong(`${files.certificate} holds no certificate`, pemHint);
  if (!leaf.checkPrivateKey(privateKey(keyPem, files.key))) {
    const message = `the key in ${files.key} is not that of the certificate in ${files.certificate}`;
    throw wrong(message, 'the certificate itself comes first in its file, its issuers follow');
  }
  checkLifetime(leaf, files.certificate, now);
  return {
    certificate: chain.map(String).join(''),
    key: keyPem,
    caCertificate: last.toString(),
    caSha256: last.fingerprint256.replaceAll(':', '').toLowerCase(),
    names: namesOf(leaf),
    covers: (hostname) => covers(leaf, bareHost(hostname)),
  };
}

const pemHint = 'give a PEM file: the certificate, then those of its issuers';

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = codeOf(cause);
    throw wrong(
      `cannot read ${path}${code === '' ? '' : ` (${code})`}`,
      'check its path and permissions',
    );
  }
}

async function readKey(path: string): Promise<string> {
  const text = await read(path);
  const { mode } = await stat(path);
  if ((mode & 0o007) === 0) return text;
  throw wrong(`everybody may use ${path}`, `take that away: \`chmod o= ${path}\``);
}

function chainOf(pem: string, path: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    throw wrong(`${path} holds something that is no certificate`, pemHint);
  }
}

function privateKey(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw wrong(`${path} holds no private key that can be used`, 'give PEM without a passphrase');
  }
}

function checkLifetime({ validFrom, validTo }: X509Certificate, path: string, now: number): void {
  if (Date.parse(validTo) <= now) {
    throw wrong(`the certificate in ${path} ended on ${validTo}`, 'renew it');
  }
  if (Date.parse(validFrom) > now) {
    throw wrong(
      `the certificate in ${path} begins on ${validFrom}`,
      'check the clock of this machine',
    );
  }
}

/** Its names in the order in which they stand there; those with a `*` name no single host. */
function namesOf({ subjectAltName = '' }: X509Certificate): string[] {
  const found = subjectAltName.matchAll(/(?:^|, )(?:DNS|IP Address):([^,"]+)/g);
  return [...found].map(([, name = '']) => name).filter((name) => !name.includes('*'));
}

function covers(leaf: X509Certificate, hostname: string): boolean {
  const found = isIP(hostname) === 0 ? leaf.checkHost(hostname) : leaf.checkIP(hostname);
  return found !== undefined;
}

function wrong(message: string, hint: string): SynscError {
  return new SynscError('USAGE', message, { hint, field: 'certificate' });
}
