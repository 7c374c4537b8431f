import { bareHost } from '../address.ts';
import { codeOf } from '../errors.ts';
import 'reflect-metadata';
import { createHash, randomBytes, webcrypto } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as unknown as Crypto);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 24 * 60 * 60 * 1000;

/** What the dashboard shows on each connection. */
export interface Tls {
  /** PEM: the leaf, then its issuers. */
  readonly certificate: string;
  readonly key: string;
  /** PEM of the last of them. */
  readonly caCertificate: string;
  /** Lower-case hex SHA-256 of its DER: what clients pin. */
  readonly caSha256: string;
  /** Names and addresses that the leaf is for. */
  readonly names: readonly string[];
  readonly covers: (hostname: string) => boolean;
}

interface Issuer {
  certificate: x509.X509Certificate;
  key: CryptoKey;
}

/**
 * The dashboard's own CA (10 years, made at the first start in `directory`) and a leaf of 90 days
 * for localhost, the loopback addresses and `more`, renewed when fewer than 30 days are left.
 */
export async function openTls(
  directory: string,
  more: readonly string[],
  now: number = Date.now(),
): Promise<Tls> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const ca = (await load(directory, 'ca')) ?? (await createCa(directory, now));
  const names = [...new Set(['localhost', '127.0.0.1', '::1', ...more])];
  const found = await load(directory, 'leaf');
  const leaf =
    found && usable(found, ca, names, now) ? found : await createLeaf(directory, ca, names, now);
  return {
    names,
    covers: (hostname) => names.includes(bareHost(hostname)),
    certificate: `${leaf.certificate.toString('pem')}\n${ca.certificate.toString('pem')}\n`,
    key: await exportKey(leaf.key),
    caCertificate: `${ca.certificate.toString('pem')}\n`,
    caSha256: createHash('sha256').update(Buffer.from(ca.certificate.rawData)).digest('hex'),
  };
}

async function createCa(directory: string, now: number): Promise<Issuer> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...lifetime(3650, now),
    name: 'CN=synsc dashboard CA',
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return save(directory, 'ca', { certificate, key: keys.privateKey });
}

async function createLeaf(
  directory: string,
  ca: Issuer,
  names: readonly string[],
  now: number,
): Promise<Issuer> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    ...lifetime(90, now),
    subject: 'CN=synsc dashboard',
    issuer: ca.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: ca.key,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({
          type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const),
          value,
        })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(ca.certificate.publicKey),
    ],
  });
  return save(directory, 'leaf', { certificate, key: keys.privateKey });
}

function usable(
  { certificate }: Issuer,
  ca: Issuer,
  names: readonly string[],
  now: number,
): boolean {
  const extension = certificate.getExtension(x509.SubjectAlternativeNameExtension);
  const covered = new Set(extension?.names.items.map(({ value }) => value));
  return (
    certificate.issuer === ca.certificate.subject &&
    certificate.notAfter.getTime() - now > 30 * day &&
    names.every((name) => covered.has(name))
  );
}

async function newKeys(): Promise<CryptoKeyPair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  return keys as CryptoKeyPair;
}

function lifetime(days: number, now: number) {
  return {
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    notBefore: new Date(now - 5 * 60 * 1000),
    notAfter: new Date(now + days * day),
  };
}

async function exportKey(key: CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key as webcrypto.CryptoKey);
  return x509.PemConverter.encode(der, 'PRIVATE KEY');
}

async function save(directory: string, name: string, issuer: Issuer): Promise<Issuer> {
  await replace(join(directory, `${name}.key`), await exportKey(issuer.key));
  await replace(join(directory, `${name}.crt`), `${issuer.certificate.toString('pem')}\n`);
  return issuer;
}

/** A start that is killed leaves the old file or the new one. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
}

async function load(directory: string, name: string): Promise<Issuer | undefined> {
  try {
    const [certificate, key] = await Promise.all([
      readFile(join(directory, `${name}.crt`), 'utf8'),
      readFile(join(directory, `${name}.key`), 'utf8'),
    ]);
    const der = x509.PemConverter.decodeFirst(key);
    return {
      certificate: new x509.X509Certificate(certificate),
      key: await webcrypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign']),
    };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
