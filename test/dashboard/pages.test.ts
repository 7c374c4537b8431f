import cookie from '@fastify/cookie';
import Fastify, { type FastifyInstance, type InjectOptions } from 'fastify';
import { beforeEach, describe, expect, test } from 'vitest';
import { mask } from '../../protocol/credential.ts';
import type { Services, WebUser } from '../../src/dashboard/services.ts';
import { registerWeb } from '../../src/dashboard/web/routes.ts';
import { SynscError } from '../../src/errors.ts';
import { catalog } from '../../src/provider/catalog.ts';
import { claim } from '../support/claim.ts';

const hostile = `"><script>alert('x')</script>`;
const pasted = 'hf_NOTREALvalueForTheseTests000000000';
const origin = 'https://localhost';
const user: WebUser = { id: 'u1', email: 'ada@example.test' };

/** The least that the pages can stand on: one account, one waiting request, values in a map. */
function fakeServices() {
  const values = new Map<string, Record<string, string>>();
  const calls: string[] = [];
  const request = {
    userCode: 'BCDF-GHJK',
    deviceName: hostile,
    address: '127.0.0.1',
    host: hostile,
    osUser: hostile,
    requestedAt: new Date(),
    scope: 'credentials:read',
    status: 'pending' as const,
  };
  let claimed = false;
  /** When the user showed a password last. */
  const proved = { at: Date.now() };
  const services: Services = {
    async signUp(email) {
      if (email === user.email) {
        throw new SynscError('CONFLICT', 'this address has an account', { field: 'email' });
      }
      return { id: 'u2', email };
    },
    async signIn(_email, password) {
      if (password === 'right') return user;
      throw new SynscError('NOT_AUTHORIZED', 'wrong address or password');
    },
    async prove(_user, _cookie, password) {
      if (password !== 'right') {
        throw new SynscError('NOT_AUTHORIZED', 'wrong', { field: 'password' });
      }
      proved.at = Date.now();
    },
    async changePassword() {
      calls.push('password');
    },
    async deleteAccount() {
      calls.push('delete account');
    },
    webSessions: async () => [
      { address: '192.0.2.7', agent: hostile, createdAt: new Date(), current: true },
    ],
    async closeOtherWebSessions() {
      calls.push('close others');
    },
    passkeys: async () => [{ id: 'k1', name: hostile, createdAt: new Date(), lastUsedAt: null }],
    passkeyToMake: async () => ({}),
    addPasskey: async () => undefined,
    async deletePasskey(_user, id) {
      calls.push(`delete ${id}`);
    },
    passkeyToShow: async () => ({}),
    signInByPasskey: async () => user,
    proveByPasskey: async () => undefined,
    async revokeAllDevices() {
      calls.push('revoke all');
      return 1;
    },
    createAutomationToken: async () => 'synsc_ci.shownOnce',
    openWebSession: async () => 'opened',
    webUser: async (value) =>
      value === 'opened' ? { ...user, provedAt: new Date(proved.at) } : undefined,
    async closeWebSession() {
      calls.push('close');
    },
    credentials: async () =>
      catalog.map(({ id, variables }) => ({
        provider: id,
        version: values.has(id) ? 3 : 0,
        updatedAt: values.has(id) ? new Date(Date.now() - 2 * 3_600_000) : null,
        lastSync: null,
        fields: variables.map(({ name }) => {
          const value = values.get(id)?.[name];
          const stored = value !== undefined;
          return {
            name,
            masked: stored ? mask(value) : null,
            fingerprint: stored ? '0123abcd' : null,
          };
        }),
      })),
    async saveCredential(_user, provider, given) {
      if (provider === 'modal') {
        const faults = Object.keys(given).map((field) => ({ field, message: `${field} is wrong` }));
        throw new SynscError('INVALID_CREDENTIAL', 'wrong', { faults });
      }
      if (Object.values(given).some((value) => value.includes(' '))) {
        throw new SynscError('INVALID_CREDENTIAL', 'the value has a blank', { field: 'HF_TOKEN' });
      }
      values.set(provider, given);
    },
    async deleteCredential(_user, provider) {
      values.delete(provider);
    },
    async claimUserCode(_user, _cookie, code) {
      if (code !== request.userCode) throw new SynscError('NOT_FOUND', 'no such code');
      claimed = true;
      return request;
    },
    linkedAddress: async (_user, code) => (code === request.userCode ? request.address : undefined),
    claimedRequest: async () => (claimed ? request : undefined),
    async decideDevice(_user, _cookie, choice) {
      calls.push(choice);
      claimed = false;
      return request;
    },
    devices: async () => [
      {
        id: 'd1',
        name: hostile,
        address: '192.0.2.7',
        createdAt: new Date(),
        lastUsedAt: null,
        expiresAt: new Date(Date.now() + 86_400_000),
        kind: 'machine',
        host: hostile,
        osUser: hostile,
        scope: 'credentials:read',
        revokedAt: null,
        endedBy: '',
      },
    ],
    async revokeDevice(_user, id) {
      if (id !== 'd1') throw new SynscError('NOT_FOUND', 'there is no such device');
      calls.push(`revoke ${id}`);
    },
    sessions: async () => [
      {
        id: 's1',
        label: hostile,
        directory: hostile,
        hostname: hostile,
        startedAt: new Date(),
        endedAt: null,
        lastSeenAt: new Date(),
        commands: 4,
        redactions: 2,
        credentialsUsed: [hostile],
        auditHead: null,
      },
    ],
    async session(_user, id) {
      const [session] = await services.sessions(user);
      if (session?.id === id) return session;
      throw new SynscError('NOT_FOUND', 'there is no such session');
    },
    watch: () => () => undefined,
    audit: async () => [
      {
        ...{ seq: '7', at: new Date(), action: hostile, target: hostile, outcome: 'ok' },
        ...{ address: '192.0.2.7', agent: hostile },
      },
    ],
    async *exportAudit() {
      yield hostile;
    },
  };
  return { services, values, calls, proved, request };
}

let app: FastifyInstance;
let fake: ReturnType<typeof fakeServices>;

beforeEach(async () => {
  fake = fakeServices();
  app = Fastify();
  await app.register(cookie);
  await registerWeb(app, fake.services);
  return async () => app.close();
});

function get(url: string, signedIn = true) {
  return send({ url }, signedIn);
}

function post(url: string, form: Record<string, string> = {}, headers: object = {}) {
  return send({
    method: 'POST',
    url,
    headers: { origin, 'content-type': 'application/x-www-form-urlencoded', ...headers },
    payload: new URLSearchParams(form).toString(),
  });
}

function send(options: InjectOptions, signedIn = true) {
  const cookies = signedIn ? { '__Host-synsc': 'opened' } : {};
  return app.inject({ authority: 'localhost', cookies, ...options });
}

const json = { accept: 'application/json' };

describe('every page', () => {
  const paths = [
    '/credentials',
    '/device',
    '/sessions',
    '/devices',
    '/audit',
    '/account',
    '/verify',
  ];

  test.each(paths)('%s sends strangers to sign in and remembers where they were', async (path) => {
    const answer = await get(path, false);
    expect(answer.statusCode).toBe(303);
    expect(answer.headers.location).toBe(`/sign-in?next=${encodeURIComponent(path)}`);
  });

  test.each([...paths, '/sign-up', '/sign-in'])(
    '%s forbids foreign and inline scripts, frames, caching',
    async (path) => {
      const answer = await get(path, path.startsWith('/sign') === false);
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
      );
      expect(answer.headers).toMatchObject({
        'referrer-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      });
      expect(answer.body).not.toMatch(/<style|style="|\son\w+=/);
      const scripts = answer.body.match(/<script.*?<\/script>/g) ?? [];
      for (const script of scripts) {
        expect(script).toMatch(/^<script type="module" src="\/assets\/\w+\.js"><\/script>$/);
      }
    },
  );

  test.each(['/sessions', '/sessions/s1', '/devices', '/audit', '/account'])(
    '%s escapes what others sent',
    async (path) => {
      const { body } = await get(path);
      expect(body).toContain('&lt;script>');
      expect(body).not.toContain('<script>');
    },
  );

  test.each([
    ['synsc.example.test', 'max-age=31536000'],
    ['synsc.example.test:8443', 'max-age=31536000'],
    ['localhost:8443', undefined],
    ['app.localhost', undefined],
    ['127.0.0.1:8443', undefined],
    ['[::1]:8443', undefined],
  ])('at %s asks browsers for TLS only: %s', async (authority, expected) => {
    const { headers } = await send({ authority, url: '/sign-in' }, false);
    expect(headers['strict-transport-security']).toBe(expected);
  });

  test('an address that does not exist says so, in the form that was asked for', async () => {
    const page = await send({ url: '/nothing', headers: { accept: 'text/html,*/*;q=0.8' } });
    expect(page.statusCode).toBe(404);
    expect(page.body).toContain('There is nothing at this address.');
    expect(page.body).toContain(user.email);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    for (const method of ['GET', 'POST', 'DELETE'] as const) {
      const data = await send({ method, url: '/api/nothing', headers: { accept: '*/*' } }, false);
      expect([data.statusCode, data.json().error.code]).toEqual([404, 'NOT_FOUND']);
    }
  });

  test('an address that takes another method says which', async () => {
    const data = await send({ url: '/sign-out', headers: { accept: '*/*' } });
    expect([data.statusCode, data.headers.allow]).toEqual([405, 'POST']);
    const page = await send({ method: 'PUT', url: '/sign-in?x', headers: { accept: 'text/html' } });
    expect([page.statusCode, page.headers.allow]).toEqual([405, 'GET, HEAD, POST']);
    expect(page.body).toContain('This address takes GET and HEAD and POST.');
  });

  test('stylesheet, icon and scripts are there', async () => {
    for (const name of ['live', 'passkey']) {
      const { headers } = await get(`/assets/${name}.js`);
      expect(headers['content-type']).toContain('text/javascript');
    }
    expect((await get('/assets/style.css')).headers['content-type']).toContain('text/css');
    expect((await get('/assets/icon.svg')).headers['content-type']).toContain('image/svg+xml');
  });
});

describe('forms', () => {
  const forms = [
    '/sign-up',
    '/sign-in',
    '/sign-out',
    '/credentials/huggingface',
    '/credentials/huggingface/delete',
    '/device',
    '/device/confirm',
    '/devices/d1/revoke',
    '/devices/revoke-all',
    '/devices/tokens',
    '/verify',
    '/verify/passkey',
    '/verify/passkey/options',
    '/sign-in/passkey',
    '/sign-in/passkey/options',
    '/account/password',
    '/account/browsers',
    '/account/passkeys',
    '/account/passkeys/options',
    '/account/passkeys/k1/delete',
    '/account/delete',
  ];

  test.each(forms)('%s refuses other origins', async (path) => {
    for (const other of ['https://evil.test', 'http://localhost', 'null', 'https://localhost:1']) {
      expect((await post(path, {}, { origin: other })).statusCode).toBe(403);
    }
    expect((await send({ method: 'POST', url: path })).statusCode).toBe(403);
    expect(fake.calls).toEqual([]);
  });

  test('need a session', async () => {
    const options: InjectOptions = {
      method: 'POST',
      url: '/credentials/huggingface',
      headers: { origin },
    };
    const page = await send(options, false);
    expect([page.statusCode, page.headers.location]).toEqual([303, '/sign-in']);
    const data = await send({ ...options, headers: { origin, ...json } }, false);
    expect(data.statusCode).toBe(401);
    expect(data.json()).toMatchObject({ error: { code: 'NOT_SIGNED_IN' } });
  });
});

describe('signing in', () => {
  test('sets a host-only cookie and goes on to a local path', async () => {
    const form = { email: user.email, password: 'right', next: '/device?user_code=BCDF-GHJK' };
    const answer = await post('/sign-in', form);
    expect(answer.statusCode).toBe(303);
    expect(answer.headers.location).toBe('/device?user_code=BCDF-GHJK');
    expect(answer.headers['set-cookie']).toBe(
      '__Host-synsc=opened; Max-Age=43200; Path=/; HttpOnly; Secure; SameSite=Lax',
    );
  });

  test.each([
    'https://evil.test/',
    '//evil.test',
    '/\\evil.test',
    '/\t/evil.test',
    '/..//evil.test',
  ])('never goes on to %j', async (next) => {
    const answer = await post('/sign-in', { email: user.email, password: 'right', next });
    expect(answer.headers.location).toBe('/credentials');
  });

  test('keeps the address, not the password, of a refused attempt', async () => {
    const answer = await post('/sign-in', { email: hostile, password: 'wrong-password' });
    expect(answer.statusCode).toBe(403);
    expect(answer.body).toContain('role="alert"');
    expect(answer.body).toContain('&quot;>&lt;script>');
    expect(answer.body).not.toContain('wrong-password');
    expect(answer.body).not.toContain('<script>');
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  test('ends the session that the browser had before', async () => {
    await post('/sign-in', { email: user.email, password: 'right' });
    expect(fake.calls).toEqual(['close']);
  });

  test('names the field at fault', async () => {
    const form = { email: user.email, password: 'p' };
    const page = await post('/sign-up', form);
    expect(page.statusCode).toBe(409);
    expect(page.body).toContain('aria-describedby="email-error"');
    expect((await post('/sign-up', form, json)).json()).toEqual({
      error: { code: 'CONFLICT', message: 'this address has an account', field: 'email' },
    });
  });

  test('ends with sign-out', async () => {
    const answer = await post('/sign-out');
    expect(answer.headers.location).toBe('/sign-in');
    expect(answer.headers['set-cookie']).toMatch(/^__Host-synsc=;.*Expires=Thu, 01 Jan 1970/);
    expect(fake.calls).toEqual(['close']);
  });
});

describe('credentials', () => {
  claim('credentials/paste-tokens', async () => {
    const answer = await post('/credentials/huggingface', { HF_TOKEN: pasted, other: 'x' });
    expect(answer.headers.location).toBe('/credentials?saved=huggingface');
    expect(fake.values.get('huggingface')).toEqual({ HF_TOKEN: pasted });
    const { body } = await get('/credentials');
    expect(body).toContain(mask(pasted));
    expect(body).toContain('Version 3');
    expect(body).toContain('2 h ago');
    expect(body).not.toContain(pasted.slice(0, -4));
  });

  test('are taken as JSON too', async () => {
    const answer = await send({
      method: 'POST',
      url: '/credentials/huggingface',
      headers: { origin, ...json },
      payload: { HF_TOKEN: pasted },
    });
    expect(answer.json()).toEqual({ ok: true });
    expect(fake.values.get('huggingface')).toEqual({ HF_TOKEN: pasted });
  });

  test('come back in no answer when they are refused', async () => {
    const form = { HF_TOKEN: `${pasted} tail` };
    const page = await post('/credentials/huggingface', form);
    expect(page.statusCode).toBe(422);
    expect(page.body).toContain('aria-describedby="HF_TOKEN-hint HF_TOKEN-error"');
    expect(page.body).toContain('The value has a blank.');
    expect(page.body).not.toContain(pasted);
    const data = await post('/credentials/huggingface', form, json);
    expect(data.json()).toEqual({
      error: { code: 'INVALID_CREDENTIAL', message: 'the value has a blank', field: 'HF_TOKEN' },
    });
  });

  test('are refused with every field that is wrong, at once', async () => {
    const form = { MODAL_TOKEN_ID: pasted, MODAL_TOKEN_SECRET: pasted };
    const { body } = await post('/credentials/modal', form);
    expect(body).toContain('2 fields are not right yet');
    for (const name of Object.keys(form)) {
      expect(body).toContain(`aria-describedby="${name}-hint ${name}-error"`);
      expect(body).toContain(`${name} is wrong.`);
    }
    expect(body).not.toContain(pasted);
    const { error } = (await post('/credentials/modal', form, json)).json();
    expect(error.field).toBe('MODAL_TOKEN_ID');
    expect(error.fields.map(({ field }: { field: string }) => field)).toEqual(Object.keys(form));
  });

  test('are deleted', async () => {
    fake.values.set('huggingface', { HF_TOKEN: pasted });
    await post('/credentials/huggingface/delete');
    expect(fake.values.size).toBe(0);
  });

  test('exist for known providers only', async () => {
    const answer = await post('/credentials/constructor', {}, json);
    expect(answer.statusCode).toBe(404);
    expect((await post('/credentials/constructor')).body).toContain('There is no such provider.');
  });

  test('that cannot be read say nothing of what was sent', async () => {
    const headers = { origin, 'content-type': 'application/json' };
    const payload = `{"HF_TOKEN": ${pasted}`;
    const answer = await send({
      method: 'POST',
      url: '/credentials/huggingface',
      headers,
      payload,
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.body).not.toContain(pasted.slice(0, 8));
  });
});

describe('devices', () => {
  test('a link prefills the code and changes nothing', async () => {
    const { body } = await get('/device?user_code=BCDF-GHJK');
    expect(body).toContain('value="BCDF-GHJK"');
    expect((await get('/device/confirm')).headers.location).toBe('/device');
  });

  test('a link of a machine on another network has its code typed', async () => {
    fake.request.address = '198.51.100.7';
    const { body } = await get('/device?user_code=BCDF-GHJK');
    expect(body).toContain('198.51.100.7');
    expect(body).toContain('not on the network of this browser');
    expect(body).not.toContain('BCDF-GHJK');
    await post('/device', { user_code: 'BCDF-GHJK' });
    expect((await get('/device/confirm')).body).toContain('not on the network of your browser');
  });

  claim('security/confirm-in-browser', async () => {
    expect((await post('/device', { user_code: 'BCDF-GHJK' })).headers.location).toBe(
      '/device/confirm',
    );
    const { body } = await get('/device/confirm');
    expect(body).toContain('BCDF-GHJK');
    expect(body).toContain('127.0.0.1');
    expect(body).not.toContain('<script>');
    expect((await post('/device/confirm', { action: 'maybe' }, json)).statusCode).toBe(400);
    expect(fake.calls).toEqual([]);
    expect((await post('/device/confirm', { action: 'approve' }, json)).json()).toEqual({
      ok: true,
    });
    expect(fake.calls).toEqual(['approve']);
  });

  test('an unknown code is refused at its field', async () => {
    const answer = await post('/device', { user_code: 'ZZZZ-ZZZZ' });
    expect(answer.statusCode).toBe(404);
    expect(answer.body).toContain('user_code-error');
  });

  test('are revoked; those of others do not exist', async () => {
    expect((await post('/devices/d1/revoke')).headers.location).toBe('/devices?done=revoked');
    expect((await post('/devices/d2/revoke')).statusCode).toBe(404);
    expect(fake.calls).toEqual(['revoke d1']);
  });
});

describe('what matters needs a password or passkey of the last five minutes', () => {
  const guarded: [path: string, form: Record<string, string>, back: string][] = [
    ['/device/confirm', { action: 'approve' }, '/device/confirm'],
    ['/devices/tokens', { name: 'ci', days: '30' }, '/devices'],
    ['/account/delete', { confirmation: user.email }, '/account'],
    ['/account/passkeys', { response: '{}' }, '/account'],
    ['/account/passkeys/k1/delete', {}, '/account'],
  ];
  beforeEach(() => {
    fake.proved.at = Date.now() - 6 * 60_000;
  });

  test.each(guarded)('%s', async (path, form, back) => {
    const page = await post(path, form);
    expect(page.headers.location).toBe(`/verify?next=${encodeURIComponent(back)}`);
    const data = await post(path, form, json);
    expect([data.statusCode, data.json().error.code]).toEqual([403, 'PROOF_NEEDED']);
    expect(fake.calls).toEqual([]);
  });

  test('options for a new passkey', async () => {
    const answer = await post('/account/passkeys/options', {}, json);
    expect(answer.json().error.code).toBe('PROOF_NEEDED');
  });

  test('denying a machine does not', async () => {
    await post('/device/confirm', { action: 'deny' }, json);
    expect(fake.calls).toEqual(['deny']);
  });

  test('the pages offer the way there', async () => {
    await post('/device', { user_code: 'BCDF-GHJK' });
    for (const path of ['/device/confirm', '/devices', '/account']) {
      const { body } = await get(path);
      expect(body).toContain(`href="/verify?next=${encodeURIComponent(path)}"`);
      expect(body).not.toContain('value="approve"');
    }
  });

  test('a wrong password leads nowhere, the right one back', async () => {
    const next = '/device/confirm';
    const wrong = await post('/verify', { password: 'wrong-password', next });
    expect(wrong.statusCode).toBe(403);
    expect(wrong.body).toContain('aria-describedby="password-error"');
    expect(wrong.body).toContain(`value="${next}"`);
    expect(wrong.body).not.toContain('wrong-password');
    const right = await post('/verify', { password: 'right', next });
    expect(right.headers.location).toBe(next);
    const elsewhere = await post('/verify', { password: 'right', next: '//evil.test' });
    expect(elsewhere.headers.location).toBe('/account');
  });
});

describe('the account', () => {
  test('is deleted only by its own address', async () => {
    const answer = await post('/account/delete', { confirmation: 'other@example.test' });
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain('confirmation-error');
    expect(fake.calls).toEqual([]);
    const gone = await post('/account/delete', { confirmation: ` ${user.email.toUpperCase()} ` });
    expect(gone.headers.location).toBe('/sign-in?done=deleted');
    expect(gone.headers['set-cookie']).toMatch(/^__Host-synsc=;/);
    expect(fake.calls).toEqual(['delete account']);
  });

  test('a passkey form without an answer of an authenticator is refused', async () => {
    for (const path of ['/sign-in/passkey', '/verify/passkey', '/account/passkeys']) {
      expect((await post(path, { response: 'no json' }, json)).statusCode, path).toBe(400);
    }
  });
});

describe('a token for CI', () => {
  test('is in the answer alone', async () => {
    const { statusCode, headers, body } = await post('/devices/tokens', { name: 'ci', days: '30' });
    expect([statusCode, headers.location]).toEqual([200, undefined]);
    expect(body).toContain('value="synsc_ci.shownOnce"');
    expect((await get('/devices')).body).not.toContain('shownOnce');
  });
});

describe('a session', () => {
  test('has a page of its own; those of others do not exist', async () => {
    const { body } = await get('/sessions/s1');
    expect(body).toMatch(/Commands run<\/dt><dd>4</);
    expect(body).toMatch(/Values redacted<\/dt><dd>2</);
    expect(body).toContain('Running');
    const [one, other] = [await get('/sessions/s2'), await get('/sessions/s3')];
    expect([one.statusCode, other.body]).toEqual([404, one.body]);
  });
});

describe('the audit log', () => {
  test('is filtered, and downloaded with the same filter', async () => {
    const { body } = await get('/audit?action=sync&since=2026-01-02&until=nonsense');
    expect(body).toMatch(/<option value="sync" selected/);
    expect(body).toContain('href="/audit.csv?action=sync&amp;since=2026-01-02"');
    const file = await get('/audit.csv?action=sync&since=2026-01-02');
    expect(file.headers['content-type']).toContain('text/csv');
    expect(file.headers['content-disposition']).toMatch(
      /^attachment; filename="synsc-audit-.*\.csv"$/,
    );
    expect((await get('/audit.json', false)).statusCode).toBe(401);
  });
});
