import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { machineAccess } from '../../../src/account/access.ts';
import { DashboardClient } from '../../../src/account/dashboard-client.ts';
import { pollToken } from '../../../src/account/device-login.ts';
import type { StoredSignIn } from '../../../src/account/token-store.ts';
import { Secret } from '../../../src/secret.ts';
import { broken, type Fault, pending, slowDown, startFakeDashboard } from './fakeDashboard.ts';
import { Run } from './run.ts';

/** Each command is a process of its own. */
vi.setConfig({ testTimeout: 120_000 });

type Fake = Awaited<ReturnType<typeof startFakeDashboard>>;

const code = {
  device_code: 'device',
  user_code: 'BCDF-GHJK',
  verification_uri: 'https://localhost/device',
  expires_in: 900,
  interval: 1,
};

/** The seconds between the questions of a sign-in that meets these answers before its token. */
async function pausesWith(faults: Fault[]): Promise<number[]> {
  const fake = await startFakeDashboard({ '/oauth/token': faults });
  const client = new DashboardClient({ url: fake.url, ca: fake.ca });
  const pauses: number[] = [];
  const pause = async (seconds: number) => pauses.push(seconds);
  const { access } = await pollToken(client, code, { pause });
  expect(access.expose().toString()).toBe('synsc_EXAMPLE');
  client.close();
  await fake.close();
  return pauses;
}

describe('polling', () => {
  test('slow_down lasts (RFC 8628 §3.5)', async () => {
    expect(await pausesWith([slowDown, pending, slowDown])).toEqual([1, 6, 6, 11]);
  });

  test('backs off while there is no usable answer, and returns', async () => {
    expect(await pausesWith(['drop', broken, 'drop', pending])).toEqual([1, 2, 4, 8, 1]);
  });

  test('waits a minute at most', async () => {
    const pauses = await pausesWith(Array.from({ length: 8 }, () => broken));
    expect(pauses.slice(-3)).toEqual([60, 60, 60]);
  });
});

test('an answer that never ends is given up after 15 s', async () => {
  const fake = await startFakeDashboard({ '/api/cli/status': ['drip'] });
  const client = new DashboardClient({ url: fake.url, ca: fake.ca });
  const start = performance.now();
  await expect(client.status()).rejects.toMatchObject({
    code: 'DASHBOARD_UNREACHABLE',
    message: expect.stringContaining('ETIMEDOUT'),
  });
  expect((performance.now() - start) / 1000).toBeGreaterThan(14.5);
  await fake.close();
});

describe('what to do is said of', () => {
  const hintOf = async (fault: Fault) => {
    const fake = await startFakeDashboard({ '/api/cli/status': [fault] });
    const client = new DashboardClient({ url: fake.url, ca: fake.ca });
    const { hint } = (await client.status().catch((error: unknown) => error)) as { hint: string };
    client.close();
    await fake.close();
    return hint;
  };

  test.each([
    [301, { location: 'https://elsewhere.invalid/' }, /where nobody follows: name that address/],
    [404, {}, /check that the dashboard runs and its address/],
    [429, { 'retry-after': '7' }, /^try again in 7 seconds/],
    [503, { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' }, /^try again in a minute/],
  ])('a dashboard that answers %i', async (status, headers, hint) => {
    expect(await hintOf({ status, headers, body: {} })).toMatch(hint);
  });

  test('one that ends the connection in the middle', async () => {
    expect(await hintOf('drop')).toMatch(/ended in the middle, or is no dashboard/);
  });

  test('a port without TLS', async () => {
    const plain = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    await new Promise<void>((resolve) => plain.listen(0, 'localhost', resolve));
    const { port } = plain.address() as AddressInfo;
    const client = new DashboardClient({ url: `https://localhost:${port}` });
    await expect(client.status()).rejects.toMatchObject({ hint: expect.stringMatching(/no TLS/) });
    client.close();
    plain.close();
  });
});

describe('a connection', () => {
  async function twice(between: (fake: Fake) => unknown, faults: Fault[] = []): Promise<number> {
    const fake = await startFakeDashboard({ '/api/cli/status': faults });
    const client = new DashboardClient({ url: fake.url, ca: fake.ca });
    await client.status().catch(() => undefined); // a fault
    await between(fake);
    expect((await client.status()).account.id).toBe('1');
    client.close();
    await fake.close();
    return fake.connections();
  }

  test('is used again', async () => {
    expect(await twice(() => undefined)).toBe(1);
  });

  test('that the dashboard has ended meanwhile is not', async () => {
    const ended = async (fake: Fake) => {
      fake.closeIdle();
      // both ends are here: some turns of the event loop later each has heard of it
      for (let turns = 0; turns < 50; turns += 1) await turn();
    };
    expect(await twice(ended)).toBe(2);
  });

  test('that cannot be made is told to whoever asked for events, and to nobody else', async () => {
    const fake = await startFakeDashboard({});
    await fake.close();
    const client = new DashboardClient({ url: fake.url, ca: fake.ca });
    const told = vi.fn();
    process.on('uncaughtException', told);
    const asked = client.events(undefined, new AbortController().signal);
    await expect(asked).rejects.toMatchObject({ code: 'DASHBOARD_UNREACHABLE' });
    for (let turns = 0; turns < 50; turns += 1) await turn();
    process.off('uncaughtException', told);
    expect(told).not.toHaveBeenCalled();
    client.close();
  });

  test('that was lost in the middle is not', async () => {
    expect(await twice(() => undefined, ['drop'])).toBe(2);
  });
});

describe('access tokens', () => {
  /** A client of a machine that is signed in, its store in memory, and a dashboard with these faults. */
  async function signedIn(faults: Record<string, Fault[]>) {
    const fake = await startFakeDashboard(faults);
    let kept = { id: 'one', refreshToken: secret('synsc_refresh.first') } as StoredSignIn;
    let forgotten = false;
    const store = {
      read: async () => (forgotten ? undefined : kept),
      write: async (next: Omit<StoredSignIn, 'where'>) => {
        kept = { ...next, where: 'keychain' };
      },
      forget: async () => {
        forgotten = true;
      },
    };
    const home = mkdtempSync(path.join(tmpdir(), 'home-'));
    const access = machineAccess('one', store, { XDG_RUNTIME_DIR: home });
    const client = new DashboardClient({ url: fake.url, ca: fake.ca, access });
    return {
      client,
      refreshes: () => fake.asked.filter((route) => route === '/oauth/token').length,
      kept: () => ({ ...kept, forgotten }),
      async close() {
        client.close();
        await fake.close();
        rmSync(home, { recursive: true });
      },
    };
  }
  const secret = (text: string) => new Secret(Buffer.from(text));

  test('are got once for all calls that wait, and kept', async () => {
    const it = await signedIn({});
    await Promise.all(Array.from({ length: 5 }, () => it.client.status()));
    await it.client.status();
    expect(it.refreshes()).toBe(1);
    expect(it.kept().refreshToken.expose().toString()).toBe('synsc_refresh.EXAMPLE');
    expect(it.kept().retryKey).toBeUndefined();
    await it.close();
  });

  test('are replaced once when the dashboard refuses one', async () => {
    const it = await signedIn({ '/api/cli/status': [{ status: 401, body: {} }] });
    expect((await it.client.status()).account.id).toBe('1');
    expect(it.refreshes()).toBe(2);
    await it.close();
  });

  test('that stay refused are not asked for again and again', async () => {
    const refused = Array.from({ length: 4 }, () => ({ status: 401, body: {} }));
    const it = await signedIn({ '/api/cli/status': refused });
    await expect(it.client.status()).rejects.toMatchObject({ code: 'NOT_SIGNED_IN' });
    expect(it.refreshes()).toBe(2);
    await it.close();
  });

  test.each<Fault>(['drop', broken])(
    'a refresh without an answer keeps its retry key',
    async (fault) => {
      const it = await signedIn({ '/oauth/token': [fault] });
      await expect(it.client.status()).rejects.toThrow();
      const { retryKey, forgotten } = it.kept();
      expect([retryKey?.length, forgotten]).toEqual([22, false]);
      expect((await it.client.status()).account.id).toBe('1');
      await it.close();
    },
  );

  test('end with their sign-in, which is forgotten', async () => {
    const ended = { status: 400, body: { error: 'invalid_grant' } };
    const it = await signedIn({ '/oauth/token': [ended] });
    await expect(it.client.status()).rejects.toMatchObject({ code: 'NOT_SIGNED_IN' });
    expect(it.kept().forgotten).toBe(true);
    await it.close();
  });
});

describe('the command line', () => {
  let fake: Fake;
  let home: string;
  const run = (...args: string[]) => new Run(home, args);

  async function signIn(faults: Record<string, Fault[]> = {}): Promise<Run> {
    fake = await startFakeDashboard(faults);
    const flags = ['--dashboard', fake.url, '--ca-sha256', fake.caSha256, '--no-browser'];
    const login = run('connect', 'login', ...flags);
    await login.code;
    return login;
  }

  async function expectSignedOut(): Promise<void> {
    const status = run('connect', 'status', '--json');
    expect(await status.code).toBe(3);
    expect(status.stdout).toContain('NOT_SIGNED_IN');
  }

  beforeEach(() => {
    home = mkdtempSync(path.join(tmpdir(), 'home-'));
  });
  afterEach(async () => {
    await run('connect', 'logout').code; // the kernel keyring belongs to the user
    await fake.close();
    rmSync(home, { recursive: true });
  });

  test('sign-in survives a lost connection and a failure; nothing of an answer moves the cursor', async () => {
    const login = await signIn({ '/oauth/token': ['drop', broken, pending] });
    expect(login.stderr).toContain('signed in as eve [2J@example.com');
    expect(login.child.exitCode).toBe(0);
    expect(fake.asked.filter((route) => route === '/oauth/token')).toHaveLength(4);
  });

  test('a token that does not work is given back, and not kept', async () => {
    const login = await signIn({ '/api/cli/status': [broken] });
    expect(login.child.exitCode).toBe(125);
    expect(fake.asked.at(-1)).toBe('/oauth/revoke');
    await expectSignedOut();
  });

  test.each([401, 500])('logout forgets the token also when it is refused (%i)', async (status) => {
    await signIn({ '/oauth/revoke': [{ status, body: {} }] });
    const logout = run('connect', 'logout');
    expect(await logout.code).toBe(0);
    expect(logout.stderr).toMatch(
      `signed out here, but the dashboard refused (${status}): no reason given: the token lives`,
    );
    await expectSignedOut();
  });

  test('logout with SYNSC_TOKEN revokes that one and keeps the stored one', async () => {
    await signIn();
    const environment = { SYNSC_TOKEN: 'synsc_EXAMPLE_other' };
    expect(await new Run(home, ['connect', 'logout'], environment).code).toBe(0);
    expect(fake.asked.at(-1)).toBe('/oauth/revoke');
    expect(await run('connect', 'status').code).toBe(0);
    await fake.close();
    expect(await new Run(home, ['connect', 'logout'], environment).code).toBe(125);
    fake = await startFakeDashboard({});
  });

  test('logout when only a pin is known and nobody answers', async () => {
    await signIn();
    const settings = path.join(home, 'config/synsc/config.json');
    const { ca: _, ...pin } = JSON.parse(readFileSync(settings, 'utf8'));
    writeFileSync(settings, JSON.stringify(pin));
    await fake.close();
    const status = run('connect', 'status');
    expect(await status.code).toBe(125);
    const logout = run('connect', 'logout');
    expect(await logout.code).toBe(0);
    expect(logout.stderr).toContain('signed out here, but cannot reach');
    await expectSignedOut();
    fake = await startFakeDashboard({});
  });
});
