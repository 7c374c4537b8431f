import { Agent, request } from 'node:https';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDashboard } from '../../src/dashboard/main.ts';
import { SynscError } from '../../src/errors.ts';
import { claim } from '../support/claim.ts';
import { tokenRequest } from '../support/client.ts';
import { startTestDashboard, type TestDashboard } from '../support/dashboard.ts';

let dashboard: TestDashboard;
let cookie = '';
beforeAll(async () => {
  dashboard = await startTestDashboard({
    database: 'pglite',
    config: { pollInterval: 1 },
  });
  cookie = await dashboard.signUp('carol@example.org');
});
afterAll(() => dashboard?.close());

interface Sent {
  method?: string | undefined;
  headers?: Record<string, string>;
  body?: unknown;
}

/** `fetch` over the pinned CA. */
function pinned(url: string, { method, headers, body }: Sent): Promise<Response> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ ca: dashboard.caCertificate });
    const options = { method, agent, ...(headers && { headers }) };
    const call = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        const entries = Object.entries(headers).map(([name, value]) => [name, String(value)]);
        const init = { status, headers: Object.fromEntries(entries) };
        resolve(new Response(Buffer.concat(chunks), init));
      });
    });
    call.on('error', reject);
    call.end(body instanceof URLSearchParams ? body.toString() : body);
  });
}

async function approve(userCode: string): Promise<void> {
  await dashboard.form('/device', { user_code: userCode }, cookie);
  await dashboard.form('/device/confirm', { action: 'approve' }, cookie);
}

claim('security/device-code-request', async () => {
  const config = await client.discovery(
    new URL(dashboard.url),
    'synsc-cli',
    undefined,
    client.None(),
    { algorithm: 'oauth2', [client.customFetch]: pinned as client.CustomFetch },
  );
  const started = await client.initiateDeviceAuthorization(config, {});
  await approve(started.user_code);
  const tokens = await client.pollDeviceAuthorizationGrant(config, started);
  expect(tokens.access_token).toMatch(/^synsc_[\w-]{43}$/);
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '');
  expect(renewed.access_token).not.toBe(tokens.access_token);
  expect(renewed.refresh_token).not.toBe(tokens.refresh_token);
  await client.tokenRevocation(config, renewed.refresh_token ?? '');
  const gone = client.refreshTokenGrant(config, renewed.refresh_token ?? '');
  await expect(gone).rejects.toMatchObject({ error: 'invalid_grant' });
});

test('oauth4webapi, unmodified, signs in, renews, calls and signs out', async () => {
  const issuer = new URL(dashboard.url);
  const [self, auth] = [{ client_id: 'synsc-cli' }, oauth.None()];
  const options = { [oauth.customFetch]: pinned } as object;
  const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options });
  const server = await oauth.processDiscoveryResponse(issuer, found);
  const codes = await oauth.processDeviceAuthorizationResponse(
    server,
    self,
    await oauth.deviceAuthorizationRequest(server, self, auth, {}, options),
  );
  await approve(codes.user_code);
  const tokens = await oauth.processDeviceCodeResponse(
    server,
    self,
    await oauth.deviceCodeGrantRequest(server, self, auth, codes.device_code, options),
  );
  const renewed = await oauth.processRefreshTokenResponse(
    server,
    self,
    await oauth.refreshTokenGrantRequest(server, self, auth, tokens.refresh_token ?? '', options),
  );
  const status = new URL('/api/cli/status', issuer);
  const ask = () =>
    oauth.protectedResourceRequest(
      renewed.access_token,
      'GET',
      status,
      new Headers(),
      null,
      options,
    );
  expect((await ask()).status).toBe(200);
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(server, self, auth, renewed.access_token, options),
  );
  await expect(ask()).rejects.toMatchObject({ status: 401 });
});

claim('security/codes-expire', async () => {
  const short = await startTestDashboard({ database: 'pglite', config: { codeLifetime: 2 } });
  try {
    const answer = await short.form('/oauth/device_authorization', { client_id: 'synsc-cli' });
    const { device_code, user_code } = JSON.parse(answer.text);
    const late = async () =>
      JSON.parse((await short.form('/oauth/token', tokenRequest(device_code))).text).error;
    await expect.poll(late, { timeout: 20_000, interval: 500 }).toBe('expired_token');
    const visitor = await short.signUp('dora@example.org');
    expect((await short.form('/device', { user_code }, visitor)).status).toBe(404);
  } finally {
    await short.close();
  }
});

test('a second dashboard on the same data is refused', async () => {
  const second = startDashboard({
    ...{ host: 'localhost', port: 0, data: dashboard.data, json: false },
    ...{ databaseUrl: undefined, codeLifetime: 900, pollInterval: 5 },
  });
  await expect(second).rejects.toBeInstanceOf(SynscError);
});
