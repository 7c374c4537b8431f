import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { generateSealingKeys } from '../../protocol/dashboard/sealing.ts';
import { startTestDashboard, type TestDashboard } from '../support/dashboard.ts';
import { databases } from '../support/store.ts';

/** Passwords are slow on purpose, and the machine may be busy. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const rows = (text: string) => [...text.matchAll(/>number (\d+)</g)].map(([, at]) => Number(at));
const link = (text: string, word: string) =>
  new RegExp(`href="(/sessions[^"]*)">${word}<`).exec(text)?.[1];

describe.each(databases)('many sessions on %s', (database) => {
  let dashboard: TestDashboard;
  let cookie = '';
  let headers: Record<string, string> = {};
  beforeAll(async () => {
    dashboard = await startTestDashboard({ database });
    cookie = await dashboard.signUp('alice@example.org');
    const token = await dashboard.completeDeviceFlow(cookie);
    headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    for (let at = 0; at < 203; at += 1) {
      const body = JSON.stringify({ label: `number ${at}`, directory: '/tmp', hostname: 'h' });
      await dashboard.ask('/api/cli/sessions', { method: 'POST', headers, body });
    }
  });
  afterAll(() => dashboard?.close());

  const page = async (path: string, as = cookie) =>
    (await dashboard.ask(path, { headers: { cookie: as } })).text;

  test('are listed page by page, the newest first', async () => {
    const first = await page('/sessions');
    expect(rows(first)).toEqual(Array.from({ length: 200 }, (_, at) => 202 - at));
    expect(link(first, 'Newest')).toBeUndefined();
    const second = await page(link(first, 'Older') ?? '');
    expect(rows(second)).toEqual([2, 1, 0]);
    expect([link(second, 'Newest'), link(second, 'Older')]).toEqual(['/sessions', undefined]);
  });

  test('are no place to start from for somebody else', async () => {
    const older = link(await page('/sessions'), 'Older') ?? '';
    const other = await dashboard.signUp('bob@example.org');
    expect(rows(await page(older, other))).toEqual([]);
    expect(rows(await page('/sessions?before=nonsense'))).toHaveLength(200);
  });

  test('begin with a sync that asks for one', async () => {
    const { publicKey } = generateSealingKeys();
    const sync = async (more: object) => {
      const body = JSON.stringify({ publicKey, ...more });
      const { status, text } = await dashboard.ask('/api/cli/sync', {
        ...{ method: 'POST', headers, body },
      });
      return { status, ...(JSON.parse(text) as { session?: { id: string } }) };
    };
    const begun = { label: 'by a sync', directory: '/begun', hostname: 'h' };
    const { session } = await sync({ session: begun });
    const own = `/sessions/${session?.id}`;
    expect(await page('/sessions')).toContain(`href="${own}"`);
    expect(await page(own)).toContain('/begun');
    const ended = { method: 'PATCH', headers, body: '{"ended": true}' };
    expect((await dashboard.ask(`/api/cli${own}`, ended)).status).toBe(200);
    expect(await sync({})).not.toHaveProperty('session');
    expect((await sync({ session: { directory: '/' } })).status).toBe(400);
  });
});
