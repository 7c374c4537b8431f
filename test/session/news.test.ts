import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestDashboard, type TestDashboard } from '../support/dashboard.ts';
import { TestSession } from '../support/session.ts';

const first = 'hf_EXAMPLEfirstFirstFirstFirst0123456';
const second = 'hf_EXAMPLEsecondSecondSecond01234567';

let dashboard: TestDashboard;
let cookie: string;
let token: string;
let session: TestSession;

interface Held {
  readonly credentials: readonly { name: string; version: number }[];
  readonly synced: { at: string | null; error?: string };
}
const held = () => session.call<Held>('credentials');

beforeAll(async () => {
  dashboard = await startTestDashboard({ database: 'pglite' });
  cookie = await dashboard.signUp('ada@example.com');
  await dashboard.putCredential(cookie, 'huggingface', { HF_TOKEN: first });
  token = await dashboard.completeDeviceFlow(cookie);
  const env = {
    SYNSC_DASHBOARD_URL: dashboard.url,
    SYNSC_CA_SHA256: dashboard.caSha256,
    SYNSC_TOKEN: token,
  };
  session = new TestSession({ env, sync: true });
});
afterAll(async () => {
  await session.close();
  await dashboard.close();
});

test('a value that is changed at the dashboard reaches a running session by itself', async () => {
  expect((await held()).credentials).toMatchObject([{ name: 'HF_TOKEN', version: 1 }]);
  await dashboard.putCredential(cookie, 'huggingface', { HF_TOKEN: second });
  await expect
    .poll(held, { timeout: 15_000 })
    .toMatchObject({ credentials: [{ name: 'HF_TOKEN', version: 2 }] });
  const { stdout } = await session.run({ command: `echo ${first} ${second}` });
  expect(stdout).toBe('[REDACTED] [REDACTED]\n');
});

test('so does the end of its sign-in: it keeps what it has, and says so', async () => {
  await dashboard.form('/oauth/revoke', { token, client_id: 'synsc-cli' });
  await expect
    .poll(held, { timeout: 15_000 })
    .toMatchObject({ synced: { error: 'NOT_SIGNED_IN' }, credentials: [{ version: 2 }] });
  await expect(session.call('sync')).rejects.toThrow(/revoked/);
});
