import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { tokenRequest } from '../support/client.ts';
import { copyDatabase } from '../support/embedded.ts';
import { postgresPrograms, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { type DashboardProcess, startDashboardProcess } from '../support/process.ts';

/** Passwords are slow on purpose, and the machine may be busy. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const databases = postgresPrograms() ? (['pglite', 'postgres'] as const) : (['pglite'] as const);

/** What stands in everything that is sent, and may come back in no answer and no log. */
const sentinel = 'SENTINEL0sentinel1';
const form = 'application/x-www-form-urlencoded';

describe.each(databases)('what is sent to a dashboard on %s', (database) => {
  let directory: string;
  let postgres: TestPostgres | undefined;
  let dashboard: DashboardProcess;
  let cookie = '';
  let token = '';

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'synsc-hostile-'));
    if (database === 'postgres') postgres = await startPostgres();
    else await copyDatabase(directory);
    dashboard = await startDashboardProcess({ data: directory, databaseUrl: postgres?.url });
    cookie = await dashboard.signUp('alice@example.org');
    token = await dashboard.completeDeviceFlow(cookie);
  });
  afterAll(async () => {
    await dashboard?.end();
    await postgres?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    dashboard.ask(path, {
      method: 'POST',
      headers: { 'content-type': form, origin: dashboard.url, cookie, ...headers },
      body,
    });
  const api = (method: string, path: string, body: string) =>
    dashboard.ask(path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
    });

  const bad = ['%00', 'a%00b', '%ff%fe', '%', '%zz', '%ed%a0%80', '%F0%9F%92%A9', '%E2%80%AE'];
  const fields: [path: string, field: string, rest: string][] = [
    ['/sign-in', 'email', '&password=wrong-password'],
    ['/sign-in', 'password', '&email=alice@example.org'],
    ['/sign-up', 'email', '&password=long-enough-password'],
    ['/verify', 'password', ''],
    ['/verify', 'next', '&password=correct horse battery'],
    ['/device', 'user_code', ''],
    ['/devices/tokens', 'name', '&days=7'],
    ['/devices/tokens', 'days', '&name=ci'],
    ['/account/password', 'new_password', '&password=wrong-password'],
    ['/account/passkeys', 'response', '&name=x'],
    ['/account/delete', 'confirmation', ''],
    ['/credentials/huggingface', 'HF_TOKEN', ''],
    ['/credentials/gcp', 'GOOGLE_APPLICATION_CREDENTIALS', ''],
    ['/sign-in/passkey', 'response', ''],
    ['/oauth/device_authorization', 'device_name', '&client_id=synsc-cli'],
    ['/oauth/device_authorization', 'scope', '&client_id=synsc-cli'],
    ['/oauth/device_authorization', 'client_id', ''],
    ['/oauth/token', 'refresh_token', '&client_id=synsc-cli&grant_type=refresh_token'],
    ['/oauth/revoke', 'token', '&client_id=synsc-cli'],
  ];
  test.each(fields)('%s: no text in %s makes it fail', async (path, field, rest) => {
    for (const text of bad) {
      const answer = await post(path, `${field}=${text}${rest}`, { accept: 'application/json' });
      expect(answer.status, text).toBeLessThan(500);
    }
  });

  test.each([
    '/audit?action=%00',
    '/audit?since=%00',
    '/audit?since=0000-01-01',
    '/audit?since=9999-12-31&until=9999-12-31',
    '/audit.csv?until=9999-12-31',
    '/sessions?before=%00',
    '/audit.csv?action=%00',
    '/device?user_code=%00',
    '/sign-in?next=%00',
    '/credentials?saved=%00',
    '/sessions/%00',
    '/credentials/%00',
    '/%00',
    '/%ff',
    '/%',
    '/%E0%A4%A',
    `/${'a'.repeat(5000)}`,
    '/../../etc/passwd',
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e/style.css',
  ])('GET %s is answered, not failed', async (path) => {
    const answer = await dashboard.ask(path, { headers: { cookie } });
    expect(answer.status).toBeLessThan(500);
    expect(answer.text).not.toContain('root:');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  });

  test('no text in an identifier of a form’s path makes it fail', async () => {
    for (const text of ['%00', '%ff', 'x'.repeat(300), "'; DROP TABLE app.users; --"]) {
      const id = text.startsWith('%') ? text : encodeURIComponent(text);
      for (const path of [`/devices/${id}/revoke`, `/account/passkeys/${id}/delete`]) {
        const answer = await post(path, '', { accept: 'application/json' });
        expect([400, 404], path).toContain(answer.status);
      }
    }
  });

  const odd = ['\u0000', 'a\u0000b', '\ud800', '\u202eevil', '<script>', '💩', '\r\n', '\u001b[2J'];
  test('no text in a record of a session makes it fail', async () => {
    for (const text of odd) {
      const start = { label: text, directory: `/tmp/${text}`, hostname: `h${text}` };
      const started = await api('POST', '/api/cli/sessions', JSON.stringify(start));
      expect(started.status, JSON.stringify(text)).toBeLessThan(500);
      const update = JSON.stringify({ credentialsUsed: [text], commands: 1 });
      const id = JSON.parse(started.text).id ?? 'none';
      const updated = await api('PATCH', `/api/cli/sessions/${id}`, update);
      expect(updated.status, JSON.stringify(text)).toBeLessThan(500);
    }
    for (const path of ['/sessions', '/devices', '/audit']) {
      const { status, text } = await dashboard.ask(path, { headers: { cookie } });
      expect([status, text.includes('<script>')]).toEqual([200, false]);
    }
  });

  test.each([
    '{"commands":1e999}',
    '{"commands":-1}',
    '{"commands":1e300}',
    '{"commands":"1"}',
    '{"redactions":null}',
    '{"credentialsUsed":{"length":1e9}}',
    '{"auditHead":"zz"}',
    '{"__proto__":{"ended":true}}',
    '{"constructor":{"prototype":{"ended":true}}}',
    '[]',
    'null',
    '"x"',
    '',
    '{',
    `${'['.repeat(50_000)}`,
  ])('the update %s of a session is taken or refused', async (body) => {
    const start = { directory: '/tmp', hostname: 'h' };
    const { text } = await api('POST', '/api/cli/sessions', JSON.stringify(start));
    const { status } = await api('PATCH', `/api/cli/sessions/${JSON.parse(text).id}`, body);
    expect([200, 400]).toContain(status);
  });

  test.each([
    '{}',
    '{"publicKey":""}',
    `{"publicKey":"${'A'.repeat(43)}"}`,
    `{"publicKey":"${'_'.repeat(43)}"}`,
    `{"publicKey":"${'A'.repeat(43)}","version":-1}`,
    `{"publicKey":"${'A'.repeat(43)}","version":9e15}`,
    `{"publicKey":"${'A'.repeat(43)}","sessionId":"${'x'.repeat(65)}"}`,
  ])('the sync %s is refused or harmless', async (body) => {
    const { status } = await api('POST', '/api/cli/sync', body);
    expect([200, 400]).toContain(status);
  });

  test('too large is 413, another type 415, and neither is quoted', async () => {
    const large = `HF_TOKEN=${sentinel.repeat(20_000)}`;
    const json = { accept: 'application/json' };
    expect((await post('/credentials/huggingface', large, json)).status).toBe(413);
    expect((await post('/oauth/token', large)).status).toBe(400);
    const type = { ...json, 'content-type': 'text/plain' };
    const typed = await post('/credentials/huggingface', `HF_TOKEN=${sentinel}`, type);
    expect([typed.status, typed.text.includes(sentinel)]).toEqual([415, false]);
    const data = { ...json, 'content-type': 'multipart/form-data; boundary=x' };
    expect((await post('/sign-in', 'x', data)).status).toBe(415);
    expect((await api('POST', '/api/cli/sync', `"${'x'.repeat(300_000)}"`)).status).toBe(413);
  });

  test('a form names its characters, or does not', async () => {
    const types = [form, `${form}; charset=utf-8`, form.toUpperCase(), `${form};charset=UTF-8`];
    for (const type of types) {
      const answer = await post('/oauth/token', new URLSearchParams(tokenRequest('x')).toString(), {
        'content-type': type,
      });
      expect(JSON.parse(answer.text).error, type).toBe('invalid_grant');
    }
  });

  test.each(['HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH', 'TRACE'])(
    '%s of any route ends, and changes nothing',
    async (method) => {
      const routes = [
        ...['/', '/health', '/sign-in', '/credentials', '/device/confirm', '/sessions'],
        ...['/sessions/events', '/audit.csv', '/api/cli/status', '/api/cli/events'],
        ...['/oauth/token', '/oauth/revoke', '/.well-known/oauth-authorization-server'],
        ...['/credentials/huggingface/delete', '/sign-out', '/devices/revoke-all', '/nothing'],
      ];
      for (const path of routes) {
        const headers = { cookie, authorization: `Bearer ${token}`, origin: dashboard.url };
        const answer = await dashboard.ask(path, { method, headers });
        expect(answer.status, `${method} ${path}`).toBeLessThan(500);
        expect(answer.headers['access-control-allow-origin']).toBeUndefined();
        if (answer.status === 405) expect(answer.headers.allow, path).not.toContain(method);
        expect(answer.headers['x-content-type-options'], path).toBe('nosniff');
      }
      expect((await dashboard.ask('/account', { headers: { cookie } })).status).toBe(200);
    },
  );

  test('nothing of it, and no password or token, is in the log', async () => {
    await post('/sign-in', `email=alice@example.org&password=${sentinel}`);
    await post('/credentials/huggingface', `HF_TOKEN=hf_${sentinel}%00${sentinel}`);
    await post('/account/passkeys', `response={"id":"${sentinel}%00"}`);
    for (const secret of [sentinel, 'correct horse', token, cookie.split('=')[1] ?? '']) {
      expect(dashboard.stderr().includes(secret)).toBe(false);
    }
    expect(dashboard.stderr()).not.toMatch(/"params"|"query"|"detail"/);
  });
});
