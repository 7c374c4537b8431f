import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { type DashboardProcess, startDashboardProcess } from '../support/process.ts';
import { databases } from '../support/store.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const value = 'hf_SENTINELsentinelSENTINEL0001';

describe.runIf(databases.includes('postgres'))('several dashboards on one PostgreSQL', () => {
  let folder = '';
  let postgres: TestPostgres;
  let all: DashboardProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'synsc-several-'));
    postgres = await startPostgres();
    const place = { data: join(folder, 'data'), databaseUrl: postgres.url };
    // all at once, on an empty database and an empty directory
    all = await Promise.all(Array.from({ length: 3 }, () => startDashboardProcess(place)));
  });
  afterAll(async () => {
    await Promise.all(all.map((one) => one.end('SIGKILL')));
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const at = (index: number) => {
    const dashboard = all[index];
    if (!dashboard) throw new Error('it did not start');
    return dashboard;
  };
  const email = (dashboard: DashboardProcess, token: string) =>
    dashboard
      .ask('/api/cli/status', { headers: { authorization: `Bearer ${token}` } })
      .then(({ status, text }) => JSON.parse(text).account?.email ?? status);

  test('make the schema once, and show one certificate authority', async () => {
    const client = new pg.Client(postgres.url);
    await client.connect();
    const { rows } = await client.query('SELECT name FROM priv.migrations');
    await client.end();
    expect(rows.length).toBe(new Set(rows.map(({ name }) => name)).size);
    expect(new Set(all.map(({ caCertificate }) => caCertificate)).size).toBe(1);
  });

  test('share accounts, web sessions, credentials and tokens, and their end', async () => {
    const cookie = await at(0).signUp('alice@example.org');
    expect((await at(1).putCredential(cookie, 'huggingface', { HF_TOKEN: value })).status).toBe(
      200,
    );
    const token = await at(2).completeDeviceFlow(cookie);
    for (const dashboard of all) expect(await email(dashboard, token)).toBe('alice@example.org');
    await at(1).form('/oauth/revoke', { client_id: 'synsc-cli', token });
    for (const dashboard of all) expect(await email(dashboard, token)).toBe(401);
  });

  test('count wrong passwords together', async () => {
    await at(0).signUp('bob@example.org');
    const wrong = { email: 'bob@example.org', password: 'not the password' };
    const statuses: number[] = [];
    for (let turn = 0; turn < 12; turn += 1) {
      statuses.push((await at(turn % 3).form('/sign-in', wrong)).status);
    }
    expect(statuses.filter((status) => status === 403)).toHaveLength(10);
    expect(statuses.slice(10)).toEqual([429, 429]);
  });

  test('tell a session at one of them of a change at another', async () => {
    const cookie = await at(0).signUp('carol@example.org');
    const token = await at(0).completeDeviceFlow(cookie);
    const heard = listen(at(0), token);
    await heard.until((text) => text.includes('event: credentials'));
    await at(1).putCredential(cookie, 'huggingface', { HF_TOKEN: value });
    await heard.until((text) => text.includes('"version":1'));
    await at(2).form('/oauth/revoke', { client_id: 'synsc-cli', token });
    await heard.until((text) => text.includes('event: signed-out'));
  });

  test('go on telling after the database has hung up on them', async () => {
    const cookie = await at(0).signUp('dave@example.org');
    const token = await at(0).completeDeviceFlow(cookie);
    const heard = listen(at(0), token);
    await heard.until((text) => text.includes('event: credentials'));
    const client = new pg.Client(postgres.url);
    await client.connect();
    await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE usename ~ '^synsc_' AND query LIKE 'LISTEN%'`);
    await client.end();
    await at(1).putCredential(cookie, 'huggingface', { HF_TOKEN: value });
    await heard.until((text) => text.includes('"version":1'));
  });

  test('are refused with other keys', async () => {
    const place = { data: join(folder, 'other'), databaseUrl: postgres.url };
    const other = startDashboardProcess(place);
    await expect(other).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: expect.stringContaining('--data'),
    });
    // the keys copied: another machine
    await rm(place.data, { recursive: true });
    await cp(join(folder, 'data'), place.data, { recursive: true });
    const copied = await startDashboardProcess(place);
    expect((await copied.ask('/health')).status).toBe(200);
    await copied.end();
    expect((await at(0).ask('/health')).status).toBe(200);
  });
});

function listen(dashboard: DashboardProcess, token: string) {
  let text = '';
  const answer = dashboard.stream('/api/cli/events', { authorization: `Bearer ${token}` });
  answer.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return {
    async until(condition: (text: string) => boolean) {
      for (let left = 2400; !condition(text); left -= 1) {
        if (left === 0) throw new Error(`it did not come within two minutes: ${text}`);
        await sleep(50);
      }
    },
  };
}
