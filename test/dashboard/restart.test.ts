import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startDashboard } from '../../src/dashboard/main.ts';
import { clientOf } from '../support/client.ts';
import { copyDatabase } from '../support/embedded.ts';

test('a restart forgets no wrong try and no sign-in', { timeout: 120_000 }, async () => {
  const data = await mkdtemp(join(tmpdir(), 'synsc-restart-'));
  await copyDatabase(data);
  const start = () =>
    startDashboard({
      ...{ host: 'localhost', port: 0, data, databaseUrl: undefined, json: false },
      ...{ codeLifetime: 900, pollInterval: 5 },
    });
  const first = await start();
  const before = clientOf(first);
  const cookie = await before.signUp('ada@example.com');
  const token = await before.completeDeviceFlow(await before.signUp('bob@example.com'));
  const wrong = { email: 'ada@example.com', password: 'not the right one' };
  for (let count = 0; count < 10; count += 1) await before.form('/sign-in', wrong);
  for (let count = 0; count < 10; count += 1) {
    await before.form('/device', { user_code: 'ZZZZ-ZZZZ' }, cookie);
  }
  await first.close();

  const second = await start();
  const after = clientOf(second);
  expect((await after.form('/sign-in', wrong)).status).toBe(429);
  expect((await after.form('/device', { user_code: 'BCDF-GHJK' }, cookie)).status).toBe(429);
  expect((await after.ask('/account', { headers: { cookie } })).status).toBe(200);
  const status = await after.ask('/api/cli/status', {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(status.status).toBe(200);
  await second.close();
  await rm(data, { recursive: true, force: true });
});
