import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateSealingKeys } from '../../protocol/dashboard/sealing.ts';
import { tokenRequest } from '../support/client.ts';
import { startTestDashboard, type TestDashboard } from '../support/dashboard.ts';
import { postgresPrograms } from '../support/postgres.ts';

const databases = postgresPrograms() ? (['pglite', 'postgres'] as const) : (['pglite'] as const);

interface Tokens {
  access_token: string;
  refresh_token: string;
  expires_in: number;
  scope: string;
  error?: string;
}

/** What tests do at a dashboard with one account. */
function helpers(it: () => { dashboard: TestDashboard; cookie: string }) {
  async function approvedCode(): Promise<string> {
    const answer = await it().dashboard.form('/oauth/device_authorization', {
      client_id: 'synsc-cli',
    });
    const { device_code, user_code } = JSON.parse(answer.text);
    await it().dashboard.form('/device', { user_code }, it().cookie);
    await it().dashboard.form('/device/confirm', { action: 'approve' }, it().cookie);
    return device_code;
  }

  async function ask(fields: Record<string, string>): Promise<Tokens> {
    return JSON.parse((await it().dashboard.form('/oauth/token', fields)).text);
  }

  const signIn = async () => ask(tokenRequest(await approvedCode()));
  const refresh = (token: string, more: Record<string, string> = {}) =>
    ask({
      grant_type: 'refresh_token',
      client_id: 'synsc-cli',
      refresh_token: token,
      ...more,
    });

  const call = (path: string, token: string) =>
    it().dashboard.ask(path, { headers: { authorization: `Bearer ${token}` } });
  const works = async (token: string) => (await call('/api/cli/status', token)).status === 200;
  return { ask, signIn, refresh, call, works, approvedCode };
}

describe.each(databases)('tokens on %s', (database) => {
  let dashboard: TestDashboard;
  let cookie = '';
  beforeAll(async () => {
    dashboard = await startTestDashboard({ database });
    cookie = await dashboard.signUp('alice@example.org');
  });
  afterAll(() => dashboard?.close());

  const { ask, signIn, refresh, call, works, approvedCode } = helpers(() => ({
    dashboard,
    cookie,
  }));

  test('access tokens live an hour at most, and are renewed', async () => {
    const first = await signIn();
    expect(first).toMatchObject({ token_type: 'Bearer', expires_in: 3600 });
    const second = await refresh(first.refresh_token);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(await works(second.access_token)).toBe(true);
    expect(await works(first.access_token)).toBe(true);
  });

  test('a refresh token that comes twice ends the whole sign-in', async () => {
    const first = await signIn();
    const second = await refresh(first.refresh_token);
    expect((await refresh(first.refresh_token)).error).toBe('invalid_grant');
    expect((await refresh(second.refresh_token)).error).toBe('invalid_grant');
    expect(await works(second.access_token)).toBe(false);
    expect(await works(first.access_token)).toBe(false);
    const { text } = await dashboard.ask('/audit', { headers: { cookie } });
    expect(text).toContain('token.reuse');
  });

  test('of many parallel refreshes one at most succeeds, and the sign-in ends', async () => {
    const { refresh_token } = await signIn();
    const all = await Promise.all(Array.from({ length: 10 }, () => refresh(refresh_token)));
    const [winner, ...more] = all.filter(({ error }) => error === undefined);
    expect(more).toEqual([]);
    expect(await works(winner!.access_token)).toBe(false);
  });

  test('a lost answer is given again to the same retry key, until its token is used', async () => {
    const { refresh_token } = await signIn();
    const lost = await refresh(refresh_token, { retry_key: 'one' });
    const again = await refresh(refresh_token, { retry_key: 'one' });
    expect(again.refresh_token).toBe(lost.refresh_token);
    const third = await refresh(again.refresh_token, { retry_key: 'two' });
    expect(await works(third.access_token)).toBe(true);
    expect((await refresh(refresh_token, { retry_key: 'one' })).error).toBe('invalid_grant');
    expect(await works(third.access_token)).toBe(false);
  });

  test('another retry key is reuse', async () => {
    const { refresh_token } = await signIn();
    const next = await refresh(refresh_token, { retry_key: 'one' });
    expect((await refresh(refresh_token, { retry_key: 'two' })).error).toBe('invalid_grant');
    expect(await works(next.access_token)).toBe(false);
  });

  test.each(['access_token', 'refresh_token'] as const)(
    'revoking the %s ends everything of the sign-in',
    async (which) => {
      const first = await signIn();
      const second = await refresh(first.refresh_token);
      const answer = await dashboard.form('/oauth/revoke', {
        client_id: 'synsc-cli',
        token: first[which],
        token_type_hint: 'nonsense',
      });
      expect(answer.status).toBe(200);
      expect(await works(second.access_token)).toBe(false);
      expect((await refresh(second.refresh_token)).error).toBe('invalid_grant');
    },
  );

  test('an unknown token is revoked without complaint', async () => {
    const form = { client_id: 'synsc-cli', token: 'synsc_unknown' };
    expect((await dashboard.form('/oauth/revoke', form)).status).toBe(200);
  });

  test('a code that is polled fifty times at once is redeemed once, and its token works', async () => {
    const code = await approvedCode();
    const all = await Promise.all(Array.from({ length: 50 }, () => ask(tokenRequest(code))));
    const won = all.filter(({ error }) => error === undefined);
    expect(won).toHaveLength(1);
    expect(await works(won[0]!.access_token)).toBe(true);
    const lost = all.filter(({ error }) => error !== undefined).map(({ error }) => error);
    expect(new Set(lost)).toEqual(new Set(['invalid_grant']));
  });

  describe('scopes', () => {
    test('may be narrowed, and then reach less far', async () => {
      const { refresh_token } = await signIn();
      const narrow = await refresh(refresh_token, { scope: 'sessions:write' });
      expect(narrow.scope).toBe('sessions:write');
      const answer = await call('/api/cli/status', narrow.access_token);
      expect(answer.status).toBe(403);
      expect(answer.headers['www-authenticate']).toBe(
        'Bearer realm="synsc", error="insufficient_scope", scope="credentials:read"',
      );
    });

    test('that end at credentials open no record of a session', async () => {
      const { refresh_token } = await signIn();
      const { access_token } = await refresh(refresh_token, { scope: 'credentials:read' });
      const session = { directory: '/', hostname: 'h' };
      const { publicKey } = generateSealingKeys();
      const { status, text } = await dashboard.ask('/api/cli/sync', {
        method: 'POST',
        headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ publicKey, session }),
      });
      expect([status, JSON.parse(text).session]).toEqual([200, undefined]);
    });

    test('are never widened', async () => {
      const form = { client_id: 'synsc-cli', scope: 'sessions:write' };
      const answer = await dashboard.form('/oauth/device_authorization', form);
      const { device_code, user_code } = JSON.parse(answer.text);
      await dashboard.form('/device', { user_code }, cookie);
      await dashboard.form('/device/confirm', { action: 'approve' }, cookie);
      const { refresh_token, scope } = await ask(tokenRequest(device_code));
      expect(scope).toBe('sessions:write');
      const wider = await refresh(refresh_token, { scope: 'credentials:read' });
      expect(wider.error).toBe('invalid_scope');
      expect((await refresh(refresh_token)).error).toBeUndefined();
      expect((await refresh('synsc_refresh.none', { scope: 'everything' })).error).toBe(
        'invalid_scope',
      );
    });
  });

  describe('an access token', () => {
    test('opens no web page and changes nothing there', async () => {
      const { access_token } = await signIn();
      for (const path of ['/credentials', '/account', '/devices', '/audit', '/device']) {
        const answer = await call(path, access_token);
        expect([answer.status, answer.headers.location]).toEqual([
          303,
          `/sign-in?next=${encodeURIComponent(path)}`,
        ]);
      }
      for (const path of ['/account/password', '/device/confirm', '/credentials/wandb']) {
        const answer = await dashboard.ask(path, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${access_token}`,
            accept: 'application/json',
            origin: dashboard.url,
            'content-type': 'application/x-www-form-urlencoded',
            cookie: `__Host-synsc=${access_token}`,
          },
          body: 'action=approve',
        });
        expect(answer.status, path).toBe(401);
      }
    });

    test('in the address is refused (RFC 6750 §2.3)', async () => {
      const { access_token } = await signIn();
      const answer = await dashboard.ask(`/api/cli/status?access_token=${access_token}`);
      expect(answer.status).toBe(400);
      expect(answer.headers['www-authenticate']).toContain('error="invalid_request"');
    });

    test('that is missing is asked for without an error (RFC 6750 §3.1)', async () => {
      const answer = await dashboard.ask('/api/cli/status');
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([
        401,
        'Bearer realm="synsc"',
      ]);
    });
  });

  describe('the token endpoint', () => {
    const repeated: [path: string, body: string][] = [
      ['/oauth/device_authorization', 'client_id=synsc-cli&client_id=synsc-cli'],
      ['/oauth/device_authorization', 'client_id=synsc-cli&scope=sessions:write&scope='],
      [
        '/oauth/token',
        'client_id=synsc-cli&grant_type=refresh_token&refresh_token=a&refresh_token=b',
      ],
      ['/oauth/revoke', 'client_id=synsc-cli&token=a&token=b'],
    ];
    test.each(repeated)('%s refuses repeated parameters: %s', async (path, body) => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await dashboard.ask(path, { method: 'POST', headers, body });
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text).error).toBe('invalid_request');
      expect(answer.headers['cache-control']).toBe('no-store');
    });

    test.each([
      [{}, 'invalid_request'],
      [{ client_id: 'other', grant_type: 'refresh_token' }, 'invalid_client'],
      [{ client_id: 'synsc-cli' }, 'invalid_request'],
      [{ client_id: 'synsc-cli', grant_type: 'password' }, 'unsupported_grant_type'],
      [{ client_id: 'synsc-cli', grant_type: 'refresh_token' }, 'invalid_request'],
      [
        { client_id: 'synsc-cli', grant_type: 'refresh_token', refresh_token: '' },
        'invalid_request',
      ],
      [tokenRequest('unknown'), 'invalid_grant'],
    ])('%j → %s', async (fields, error) => {
      expect((await ask(fields as Record<string, string>)).error).toBe(error);
    });
  });

  test('a machine that is revoked on the devices page has nothing from that moment on', async () => {
    const { access_token, refresh_token } = await signIn();
    const { text } = await dashboard.ask('/devices', { headers: { cookie } });
    const ids = [...text.matchAll(/\/devices\/([\w-]{36})\/revoke/g)].map(([, id]) => id);
    for (const id of ids) await dashboard.form(`/devices/${id}/revoke`, {}, cookie);
    expect(await works(access_token)).toBe(false);
    expect((await refresh(refresh_token)).error).toBe('invalid_grant');
  });

  describe('wrong user codes', () => {
    test('are limited per account, also in parallel', async () => {
      const guesser = await dashboard.signUp('guesser@example.org');
      const guess = (user_code: string) => dashboard.form('/device', { user_code }, guesser);
      const answers = await Promise.all(
        Array.from({ length: 14 }, (_, index) => guess(`ZZZZ-ZZZ${'BCDFGHJKLMNPQR'[index]}`)),
      );
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 404).length).toBeLessThanOrEqual(10);
      expect(statuses).toContain(429);
      for (const { status, headers } of answers) {
        const wait = Number(headers['retry-after'] ?? 0);
        expect(wait > 0 && wait <= 15 * 60).toBe(status === 429);
      }
      const { user_code } = JSON.parse(
        (await dashboard.form('/oauth/device_authorization', { client_id: 'synsc-cli' })).text,
      );
      expect((await guess(user_code)).status).toBe(429);
    });
  });
});

describe('a dashboard that is polled each second', () => {
  let dashboard: TestDashboard;
  let cookie = '';
  beforeAll(async () => {
    dashboard = await startTestDashboard({ database: 'pglite', config: { pollInterval: 1 } });
    cookie = await dashboard.signUp('bob@example.org');
  });
  afterAll(() => dashboard?.close());
  const { ask, works, approvedCode } = helpers(() => ({ dashboard, cookie }));

  test('a code that comes again later ends what it had bought', async () => {
    const code = await approvedCode();
    const { access_token } = await ask(tokenRequest(code));
    await expect
      .poll(
        async () => {
          expect((await ask(tokenRequest(code))).error).toBe('invalid_grant');
          return works(access_token);
        },
        { timeout: 25_000, interval: 500 },
      )
      .toBe(false);
  });

  test('slow_down is remembered: the old interval is too fast afterwards', async () => {
    const answer = await dashboard.form('/oauth/device_authorization', { client_id: 'synsc-cli' });
    const form = tokenRequest(JSON.parse(answer.text).device_code);
    const errors = [];
    for (let count = 0; count < 4; count += 1) errors.push((await ask(form)).error);
    expect(errors).toEqual(['authorization_pending', 'slow_down', 'slow_down', 'slow_down']);
    await new Promise((resolve) => {
      setTimeout(resolve, 1500);
    });
    expect((await ask(form)).error).toBe('slow_down');
  });
});
