import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findDashboard } from '../../src/account/dashboard.ts';
import { Transport } from '../../src/account/transport.ts';
import { readCertificate } from '../../src/dashboard/certificateFile.ts';
import { dashboardConfig } from '../../src/dashboard/config.ts';
import { openTls } from '../../src/dashboard/tls.ts';
import { clientOf } from '../support/client.ts';
import { startTestDashboard, type TestDashboard } from '../support/dashboard.ts';

/** Passwords are slow on purpose, and the machine may be busy. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const day = 24 * 60 * 60_000;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'synsc-certificates-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Files as an authority hands them out. */
async function issue(name: string, names: readonly string[] = [], now?: number) {
  const place = join(directory, name);
  const tls = await openTls(place, names, now);
  const certificate = join(place, 'chain.pem');
  await writeFile(certificate, tls.certificate);
  return { ...tls, certificate, key: join(place, 'leaf.key'), ca: join(place, 'ca.crt') };
}

/** The leaf that a new connection gets, and whether `ca` vouches for it. */
function shown(dashboard: TestDashboard, ca = dashboard.caCertificate) {
  return new Promise<{ serial: string; trusted: boolean }>((resolve, reject) => {
    const { hostname, port } = new URL(dashboard.url);
    const socket = connect({ host: hostname, port: Number(port), ca, rejectUnauthorized: false });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      const { serialNumber: serial } = socket.getPeerCertificate();
      resolve({ serial, trusted: socket.authorized });
      socket.destroy();
    });
  });
}

/** The issuer that the dashboard calls itself to who asks under the name `host`. */
function issuerFor({ url, caCertificate: ca }: TestDashboard, host: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const path = '/.well-known/oauth-authorization-server';
  return new Promise((resolve, reject) => {
    const options = { host: hostname, port, path, ca, servername: 'localhost', headers: { host } };
    get({ ...options, checkServerIdentity: () => undefined }, (response) => {
      response.toArray().then((chunks) => {
        resolve(JSON.parse(Buffer.concat(chunks).toString()).issuer);
      }, reject);
    }).once('error', reject);
  });
}

/** What a machine gets that is told `env` and `flags`: a status, or the code of an error. */
async function reach(url: string, env: NodeJS.ProcessEnv, caSha256?: string) {
  const home = join(directory, 'home');
  const places = { HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home };
  try {
    const dashboard = await findDashboard({ ...places, ...env }, { dashboard: url, caSha256 });
    const transport = new Transport(dashboard);
    try {
      return (await transport.send({ method: 'GET', path: '/health' })).status;
    } finally {
      transport.close();
    }
  } catch (failure) {
    return (failure as { code?: string }).code;
  }
}

describe('a dashboard with a certificate of an authority that everybody trusts', () => {
  let dashboard: TestDashboard;
  let authority: Awaited<ReturnType<typeof issue>>;
  beforeAll(async () => {
    authority = await issue('public');
    dashboard = await startTestDashboard({
      database: 'pglite',
      config: { certificate: authority, renewal: { now: Date.now, interval: 50 } },
    });
  });
  afterAll(() => dashboard?.close());

  test('needs no pin from machines that trust its authority', async () => {
    expect(await reach(dashboard.url, { NODE_EXTRA_CA_CERTS: authority.ca })).toBe(200);
  });

  test('is refused by machines that do not', async () => {
    expect(await reach(dashboard.url, {})).toBe('UNTRUSTED_DASHBOARD');
    const other = await issue('other');
    expect(await reach(dashboard.url, { NODE_EXTRA_CA_CERTS: other.ca })).toBe(
      'UNTRUSTED_DASHBOARD',
    );
  });

  test('is trusted by the word `public` in the place of a pin, which vouches for nobody', async () => {
    const env = { NODE_EXTRA_CA_CERTS: authority.ca, SYNSC_CA_SHA256: 'ab'.repeat(32) };
    expect(await reach(dashboard.url, env, 'public')).toBe(200);
    expect(await reach(dashboard.url, {}, 'public')).toBe('UNTRUSTED_DASHBOARD');
  });

  test('a wrong pin counts more than a trusted authority', async () => {
    const env = { NODE_EXTRA_CA_CERTS: authority.ca };
    expect(await reach(dashboard.url, env, 'ab'.repeat(32))).toBe('UNTRUSTED_DASHBOARD');
    expect(await reach(dashboard.url, {}, authority.caSha256)).toBe(200);
  });

  test('speaks TLS 1.3 and nothing else', async () => {
    const { hostname, port } = new URL(dashboard.url);
    const old = connect({
      host: hostname,
      port: Number(port),
      ca: authority.ca,
      maxVersion: 'TLSv1.2',
    });
    const refused = await new Promise((resolve) => {
      old.once('error', () => resolve('refused'));
      old.once('secureConnect', () => resolve('connected'));
    });
    old.destroy();
    expect(refused).toBe('refused');
    await expect(fetch(`http://localhost:${port}/health`)).rejects.toThrow();
  });

  test('makes no authority of its own, and calls itself by the names of the certificate', async () => {
    await expect(readFile(join(dashboard.data, 'tls', 'ca.crt'))).rejects.toThrow('ENOENT');
    const answer = await dashboard.ask('/.well-known/oauth-authorization-server');
    expect(JSON.parse(answer.text).issuer).toBe(dashboard.url);
    expect(await issuerFor(dashboard, 'evil.example.org')).toBe(dashboard.url);
  });

  test('takes up a renewed file, and keeps the old one while the new one is broken', async () => {
    const before = await shown(dashboard);
    await writeFile(authority.certificate, 'half a certif');
    expect(await shown(dashboard)).toEqual(before);
    await rm(join(directory, 'public', 'leaf.crt'));
    const renewed = await openTls(join(directory, 'public'), []);
    await writeFile(authority.certificate, renewed.certificate);
    await expect
      .poll(async () => (await shown(dashboard)).serial, { timeout: 30_000 })
      .not.toBe(before.serial);
    expect((await shown(dashboard)).trusted).toBe(true);
    expect(await reach(dashboard.url, {}, authority.caSha256)).toBe(200);
  });
});

test('the certificate of the dashboard itself is renewed while it runs, under the same pin', async () => {
  const clock = { now: Date.now() - 65 * day };
  const dashboard = await startTestDashboard({
    database: 'pglite',
    config: { renewal: { now: () => clock.now, interval: 50 } },
  });
  try {
    const before = await shown(dashboard);
    expect(before.trusted).toBe(true);
    expect(await reach(dashboard.url, {}, dashboard.caSha256)).toBe(200);
    clock.now = Date.now();
    await expect
      .poll(async () => (await shown(dashboard)).serial, { timeout: 30_000 })
      .not.toBe(before.serial);
    expect((await shown(dashboard)).trusted).toBe(true);
    expect(await reach(dashboard.url, {}, dashboard.caSha256)).toBe(200);
    expect((await clientOf(dashboard).ask('/health')).status).toBe(200);
  } finally {
    await dashboard.close();
  }
});

test('the certificate of the dashboard itself is for the names that it is given', async () => {
  const dashboard = await startTestDashboard({
    database: 'pglite',
    config: { names: ['synsc.example.org', '192.0.2.7'] },
  });
  try {
    const { port } = new URL(dashboard.url);
    expect(dashboard.url).toBe(`https://synsc.example.org:${port}`);
    const local = { ...dashboard, url: `https://localhost:${port}` };
    expect(await issuerFor(local, '192.0.2.7:9000')).toBe('https://192.0.2.7:9000');
  } finally {
    await dashboard.close();
  }
});

describe('a certificate that cannot be shown is refused with the reason', () => {
  const missing = () => join(directory, 'nothing');

  test.each<[string, RegExp, () => Promise<{ certificate: string; key: string }>]>([
    [
      'is not there',
      /cannot read .*nothing \(ENOENT\)/,
      async () => ({
        ...(await issue('a')),
        certificate: missing(),
      }),
    ],
    [
      'holds none',
      /holds no certificate/,
      async () => {
        const files = await issue('b');
        return { ...files, certificate: files.key };
      },
    ],
    [
      'has no key',
      /no private key that can be used/,
      async () => {
        const files = await issue('c');
        await writeFile(files.key, 'no key');
        return files;
      },
    ],
    [
      'has the key of another',
      /is not that of the certificate/,
      async () => {
        const files = await issue('d');
        const { privateKey } = generateKeyPairSync('ec', {
          namedCurve: 'P-256',
          privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
          publicKeyEncoding: { type: 'spki', format: 'pem' },
        });
        await writeFile(files.key, privateKey);
        return files;
      },
    ],
    ['has ended', /ended on/, () => issue('e', [], Date.now() - 100 * day)],
    ['has not begun', /begins on/, () => issue('f', [], Date.now() + day)],
    [
      'has a key that everybody may read',
      /everybody may use/,
      async () => {
        const files = await issue('g');
        await chmod(files.key, 0o644);
        return files;
      },
    ],
  ])('%s', async (_what, message, files) => {
    const failure = await readCertificate(await files()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) });
    expect((failure as { hint: string }).hint).not.toBe('run `synsc --help`');
  });

  test.each([
    [{ certificate: 'a.pem' }, 'key'],
    [{ key: 'a.key' }, 'certificate'],
    [{ certificate: 'a.pem', key: 'a.key', name: ['x.example.org'] }, 'name'],
    [{ name: ['https://x.example.org'] }, 'name'],
    [{ name: ['x.example.org:443'] }, 'name'],
  ])('%j', (options, field) => {
    expect(() => dashboardConfig(options, {})).toThrow(expect.objectContaining({ field }));
  });
});
