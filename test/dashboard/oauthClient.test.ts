import { Agent, request } from 'node:https';
import * as client from 'openid-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDashboard } from '../../src/dashboard/main.ts';
import { SynscError } from '../../src/errors.ts';
import { claim } from '../support/claim.ts';
import { tokenRequest } from '../support/client.ts';
import { startTestDashboard, type TestDashboard } from '../support/dashboard.ts';

let dashboard: TestDashboard;
beforeAll(async () => {
  dashboard = await startTestDashboard({
    database: 'pglite',
    config: { codeLifetime: 2, pollInterval: 1 },
  });
});
afterAll(() => dashboard?.close());

/** `fetch` over the pinned CA. */
const pinned: client.CustomFetch = (url, options) =>
  new Promise((resolve, reject) => {
    const agent = new Agent({ ca: dashboard.caCertificate });
    const headers = { ...options.headers };
    const call = request(url, { method: options.method, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const type = response.headers['content-type'] ?? '';
        resolve(
          new Response(Buffer.concat(chunks), {
            status: response.statusCode ?? 0,
            headers: { 'content-type': type },
          }),
        );
      });
    });
    call.on('error', reject);
    call.end(options.body instanceof URLSearchParams ? options.body.toString() : options.body);
  });

claim('security/device-code-request', async () => {
  const config = await client.discovery(
    new URL(dashboard.url),
    'synsc-cli',
    undefined,
    client.None(),
    { algorithm: 'oauth2', [client.customFetch]: pinned },
  );
  const cookie = await dashboard.signUp('carol@example.org');
  const started = await client.initiateDeviceAuthorization(config, {});
  await dashboard.form('/device', { user_code: started.user_code }, cookie);
  await dashboard.form('/device/confirm', { action: 'approve' }, cookie);
  const tokens = await client.pollDeviceAuthorizationGrant(config, started);
  expect(tokens.access_token).toMatch(/^synsc_[\w-]{43}$/);
});

claim('security/codes-expire', async () => {
  const answer = await dashboard.form('/oauth/device_authorization', { client_id: 'synsc-cli' });
  const { device_code } = JSON.parse(answer.text);
  await new Promise((resolve) => {
    setTimeout(resolve, 2100);
  });
  const late = await dashboard.form('/oauth/token', tokenRequest(device_code));
  expect(JSON.parse(late.text).error).toBe('expired_token');
});

test('a second dashboard on the same data is refused', async () => {
  const second = startDashboard({
    ...{ host: 'localhost', port: 0, data: dashboard.data, json: false },
    ...{ databaseUrl: undefined, codeLifetime: 900, pollInterval: 5 },
  });
  await expect(second).rejects.toBeInstanceOf(SynscError);
});
