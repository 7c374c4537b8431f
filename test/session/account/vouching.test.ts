import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import * as x509 from '@peculiar/x509';
import { beforeAll, describe, expect, test } from 'vitest';
import { DashboardClient } from '../../../src/account/dashboard-client.ts';
import { vouchesFor } from '../../../src/account/vouching.ts';

const day = 86_400_000;
const curve = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
};
const authorityName = 'CN=an authority';

interface Issuer {
  readonly certificate: x509.X509Certificate;
  readonly keys: CryptoKeyPair;
}
interface Shape {
  readonly names?: x509.JsonGeneralNames;
  readonly from?: number;
  readonly to?: number;
  readonly usages?: string[] | undefined;
  readonly keyUsage?: x509.KeyUsageFlags;
  readonly ca?: boolean;
  readonly algorithm?: typeof curve | typeof rsa;
  readonly hash?: string;
  readonly more?: x509.Extension[];
}

const serverAuth = '1.3.6.1.5.5.7.3.1';
const clientAuth = '1.3.6.1.5.5.7.3.2';
const localhost: x509.JsonGeneralNames = [
  { type: 'dns', value: 'localhost' },
  { type: 'ip', value: '127.0.0.1' },
];

let count = 0;
async function issue(by: Issuer | undefined, shape: Shape): Promise<Issuer> {
  const { ca = false, algorithm = curve, from = -day, to = day, hash = 'SHA-256' } = shape;
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair;
  const keyUsage =
    shape.keyUsage ?? (ca ? x509.KeyUsageFlags.keyCertSign : x509.KeyUsageFlags.digitalSignature);
  const usages = 'usages' in shape ? shape.usages : ca ? undefined : [serverAuth];
  count += 1;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: `01${count.toString(16).padStart(4, '0')}`,
    notBefore: new Date(Date.now() + from),
    notAfter: new Date(Date.now() + to),
    subject: ca && by === undefined ? authorityName : `CN=number ${count}`,
    issuer: by?.certificate.subject ?? authorityName,
    publicKey: keys.publicKey,
    signingKey: by?.keys.privateKey ?? keys.privateKey,
    signingAlgorithm: { ...(by?.keys.privateKey.algorithm ?? algorithm), hash } as EcdsaParams,
    extensions: [
      new x509.BasicConstraintsExtension(ca, undefined, true),
      new x509.KeyUsagesExtension(keyUsage, true),
      ...(usages === undefined ? [] : [new x509.ExtendedKeyUsageExtension(usages)]),
      ...(ca ? [] : [new x509.SubjectAlternativeNameExtension(shape.names ?? localhost)]),
      ...(shape.more ?? []),
    ],
  });
  return { certificate, keys };
}

/** A server that shows this chain, and notes what it is told. */
async function serve(chain: Issuer[]) {
  const [leaf] = chain;
  const key = await webcrypto.subtle.exportKey('pkcs8', leaf?.keys.privateKey as CryptoKey);
  const server = createServer({
    cert: chain.map(({ certificate }) => certificate.toString('pem')).join('\n'),
    key: x509.PemConverter.encode(key, 'PRIVATE KEY'),
    ciphers: 'DEFAULT:@SECLEVEL=0', // it is the client that shall refuse
  });
  const told: Buffer[] = [];
  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket) =>
    socket.on('error', () => undefined).on('data', (bytes) => told.push(bytes)),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, told, close: () => new Promise((resolve) => server.close(resolve)) };
}

/** What Node itself says, by a whole handshake: '' when it trusts. */
async function verdict(chain: Issuer[], authority: Issuer, host: string): Promise<string> {
  const { port, close } = await serve(chain);
  const ca = authority.certificate.toString('pem');
  const named = /^[\d.]+$/.test(host) ? { host } : { servername: host };
  const socket = connect({ port, ca, minVersion: 'TLSv1.3', ...named });
  const said = await new Promise<string>((resolve) => {
    socket.once('secureConnect', () => resolve(''));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
  socket.destroy();
  await close();
  return said;
}

const node = ({ certificate }: Issuer) => new X509Certificate(certificate.toString('pem'));
const unknownExtension = (critical: boolean) =>
  new x509.Extension('1.3.6.1.4.1.55555.1', critical, new Uint8Array([5, 0]));

let authority: Issuer;
beforeAll(async () => {
  x509.cryptoProvider.set(webcrypto as unknown as Crypto);
  authority = await issue(undefined, { ca: true });
});

interface Case {
  readonly says: string;
  readonly host?: string;
  readonly shape?: Shape;
  readonly authority?: Shape;
  /** Makes the leaf in another way than by the authority itself. */
  readonly by?: 'itself' | 'another of its name' | 'one between';
  /** Whether `vouchesFor` knows it; Node must agree with every yes. */
  readonly known: boolean;
  readonly trusted: boolean;
}

const yes = { known: true, trusted: true };
const left = { known: false, trusted: true };
const no = { known: false, trusted: false };
const cases: Case[] = [
  { says: 'a leaf as our dashboard makes it', ...yes },
  { says: 'the same by address', host: '127.0.0.1', ...yes },
  { says: 'another name', host: 'elsewhere.example', ...no },
  { says: 'another address', host: '127.0.0.2', ...no },
  { says: 'a name that begins like its own', host: 'localhost.example', ...no },
  { says: 'a leaf of yesterday', shape: { from: -2 * day, to: -day }, ...no },
  { says: 'a leaf of tomorrow', shape: { from: day, to: 2 * day }, ...no },
  { says: 'an authority of yesterday', authority: { from: -2 * day, to: -day }, ...no },
  { says: 'a leaf that signed itself', by: 'itself', ...no },
  { says: 'another authority of the same name', by: 'another of its name', ...no },
  { says: 'an authority between', by: 'one between', ...left },
  { says: 'a leaf for clients', shape: { usages: [clientAuth] }, ...no },
  { says: 'a leaf that may not sign', shape: { keyUsage: x509.KeyUsageFlags.cRLSign }, ...no },
  { says: 'a leaf for everything', shape: { usages: undefined }, ...left },
  { says: 'an authority for clients', authority: { usages: [clientAuth] }, ...no },
  {
    says: 'an authority that may not sign certificates',
    authority: { keyUsage: x509.KeyUsageFlags.digitalSignature },
    ...no,
  },
  {
    says: 'a wildcard',
    host: 'a.example.org',
    shape: { names: [{ type: 'dns', value: '*.example.org' }] },
    ...left,
  },
  { says: 'an extension nobody needs to know', shape: { more: [unknownExtension(false)] }, ...yes },
  { says: 'a critical one that nobody knows', shape: { more: [unknownExtension(true)] }, ...no },
  {
    says: 'an authority with a critical one that nobody knows',
    authority: { more: [unknownExtension(true)] },
    ...no,
  },
  { says: 'an RSA key', shape: { algorithm: rsa }, ...left },
  { says: 'an RSA authority', authority: { algorithm: rsa }, ...left },
  { says: 'a weak hash', shape: { hash: 'SHA-1' }, ...no },
];

describe('a chain that was judged without TLS', () => {
  test.each(cases)(
    '$says: known $known, trusted by TLS $trusted',
    async (one) => {
      const pinned =
        one.authority === undefined
          ? authority
          : await issue(undefined, { ca: true, ...one.authority });
      const between = await issue(pinned, { ca: true });
      const by = {
        itself: undefined,
        'another of its name': await issue(undefined, { ca: true }),
        'one between': between,
      };
      const leaf = await issue(one.by === undefined ? pinned : by[one.by], one.shape ?? {});
      const chain = [leaf, ...(one.by === 'one between' ? [between] : [])];
      const host = one.host ?? 'localhost';
      const known = vouchesFor(node(pinned), node(leaf), host, Date.now());
      const said = await verdict(chain, pinned, host);
      expect({ known, trusted: said === '' }, said).toEqual({
        known: one.known,
        trusted: one.trusted,
      });
    },
    60_000,
  );
});

test('whoever shows another authority of the same name is told nothing', async () => {
  const other = await issue(undefined, { ca: true });
  const { port, told, close } = await serve([await issue(other, {})]);
  const ca = authority.certificate.toString('pem');
  const client = new DashboardClient({ url: `https://localhost:${port}`, ca });
  await expect(client.status()).rejects.toMatchObject({ code: 'UNTRUSTED_DASHBOARD' });
  client.close();
  await close();
  expect(told).toEqual([]);
});
