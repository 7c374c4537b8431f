import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { check } from '../../src/dashboard/admin/commands.ts';
import { copyDatabase } from '../support/embedded.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { type DashboardProcess, startDashboardProcess } from '../support/process.ts';
import { cleanEnv, synsc } from '../support/session.ts';
import { databases } from '../support/store.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const value = (mark: number) => `hf_SENTINELsentinel${String(mark).padStart(8, '0')}`;
const email = 'alice@example.org';
const password = 'correct horse battery';

describe.each(databases)('a dashboard on %s', (database) => {
  let data = '';
  let postgres: TestPostgres | undefined;
  const running: DashboardProcess[] = [];

  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'synsc-durable-'));
    if (database === 'postgres') postgres = await startPostgres();
    else await copyDatabase(data);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => one.end('SIGKILL')));
    await postgres?.stop();
    await rm(data, { recursive: true, force: true });
  });

  const start = async () => {
    const one = await startDashboardProcess(place());
    running.push(one);
    return one;
  };
  const place = () => ({ data, databaseUrl: postgres?.url });

  test('loses nothing that it acknowledged when it is killed', async () => {
    let dashboard = await start();
    let cookie = await dashboard.signUp(email);
    let acknowledged = 0;
    for (let round = 1; round <= 3; round += 1) {
      const killed = new Promise<void>((resolve) => {
        // in the middle of a write, wherever that is
        setTimeout(() => void dashboard.end('SIGKILL').then(() => resolve()), 300 * round);
      });
      for (;;) {
        try {
          const answer = await dashboard.putCredential(cookie, 'huggingface', {
            HF_TOKEN: value(acknowledged + 1),
          });
          if (answer.status !== 200) break;
          acknowledged += 1;
        } catch {
          break; // the connection broke: this one was not acknowledged
        }
      }
      await killed;
      dashboard = await start();
      const signIn = await dashboard.form('/sign-in', { email, password });
      cookie = String(signIn.headers['set-cookie']).split(';')[0] ?? '';
      const page = await dashboard.ask('/credentials', { headers: { cookie } });
      const version = Number(/Version (\d+)/.exec(page.text)?.[1] ?? 0);
      // the write that was under way may have been kept, without its answer
      expect([acknowledged, acknowledged + 1]).toContain(version);
      acknowledged = version;
    }
    expect(acknowledged).toBeGreaterThan(0);
    expect(await check(place())).toMatchObject({ faults: [], unopened: [], values: 1 });
  });

  test('exits with 0 soon after SIGTERM', async () => {
    const dashboard = await start();
    expect(await dashboard.end()).toBe(0);
  });
});

describe('the embedded database', () => {
  let data = '';
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'synsc-lock-'));
    await copyDatabase(data);
  });
  afterEach(() => rm(data, { recursive: true, force: true }));

  test('is refused to a second process, and free again when the first was killed', async () => {
    const first = await startDashboardProcess({ data });
    const second = startDashboardProcess({ data });
    await expect(second).rejects.toMatchObject({
      code: 'CONFLICT',
      message: `another dashboard (process ${first.pid}) uses this data directory`,
      hint: expect.stringContaining('--data'),
    });
    expect((await first.ask('/health')).status).toBe(200);
    await first.end('SIGKILL');
    const third = await startDashboardProcess({ data });
    expect((await third.ask('/health')).status).toBe(200);
    await third.end();
  });

  test.runIf(canUnshare())(
    'is refused to a process of another pid namespace',
    async () => {
      const first = await startDashboardProcess({ data });
      const apart = ['--pid', '--fork', '--mount-proc', synsc, 'dashboard', '--json'];
      let out = '';
      try {
        execFileSync('unshare', [...apart, '--port', '0', '--data', data], {
          env: cleanEnv(),
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        });
      } catch (error) {
        out = String((error as { stdout: string }).stdout);
      }
      expect(JSON.parse(out)).toMatchObject({ error: { code: 'CONFLICT' } });
      await first.end();
    },
    180_000,
  );
});

function canUnshare(): boolean {
  try {
    execFileSync('unshare', ['--pid', '--fork', '--mount-proc', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
