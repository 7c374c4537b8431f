import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { generateSealingKeys } from '../../protocol/dashboard/sealing.ts';
import { copyDatabase } from '../support/embedded.ts';
import { postgresPrograms, startPostgres, type TestPostgres } from '../support/postgres.ts';
import {
  type DashboardProcess,
  runDashboardCommand,
  startDashboardProcess,
} from '../support/process.ts';
import { databases } from '../support/store.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const random = (length: number) => randomBytes(length).toString('hex').slice(0, length);
const token = `hf_${random(34)}`;
const secret = `${random(20)}/${random(19)}`;
const password = 'correct horse battery';

describe.each(databases)('what is kept on %s', (database) => {
  let folder = '';
  let postgres: TestPostgres | undefined;
  let dashboard: DashboardProcess;
  /** Secret text by what it is. */
  const secrets: Record<string, string> = { token, secret, password };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'synsc-rest-'));
    await mkdir(join(folder, 'tmp'));
    if (database === 'postgres') postgres = await startPostgres();
    const place = { data: join(folder, 'data'), databaseUrl: postgres?.url };
    await mkdir(place.data, { mode: 0o700 });
    if (!postgres) await copyDatabase(place.data);
    dashboard = await startDashboardProcess(place, { TMPDIR: join(folder, 'tmp') });
    const cookie = await dashboard.signUp('alice@example.org');
    await dashboard.putCredential(cookie, 'huggingface', { HF_TOKEN: token });
    await dashboard.putCredential(cookie, 'aws', {
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: secret,
    });
    // refused ones, wrong tries and odd requests must not be kept either
    const mistyped = `${token} ${random(8)}`;
    await dashboard.putCredential(cookie, 'huggingface', { HF_TOKEN: mistyped });
    await dashboard.form('/sign-in', { email: 'alice@example.org', password: `${password}!` });
    await dashboard.form(`/credentials/huggingface?HF_TOKEN=${token}`, { HF_TOKEN: '' }, cookie);
    const bearer = await dashboard.completeDeviceFlow(cookie);
    const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ publicKey: generateSealingKeys().publicKey });
    const synced = await dashboard.ask('/api/cli/sync', { method: 'POST', headers, body });
    expect(synced.status).toBe(200);
    await dashboard.ask('/api/cli/sync', { method: 'POST', headers, body: `{"${token}` });
    const code = await dashboard.form('/oauth/device_authorization', { client_id: 'synsc-cli' });
    Object.assign(secrets, {
      bearer,
      cookie: cookie.split('=')[1],
      device_code: JSON.parse(code.text).device_code,
    });
    expect((await runDashboardCommand(['backup', join(folder, 'backup')], place)).code).toBe(0);
    await dashboard.end();
  });
  afterAll(async () => {
    await dashboard?.end('SIGKILL');
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const found = (place: string, bytes: Buffer) => {
    const text = bytes.toString('latin1').toLowerCase();
    return Object.entries(secrets).flatMap(([what, value]) =>
      spellings(value).some((form) => text.includes(form)) ? [`${what} in ${place}`] : [],
    );
  };

  test('holds no value, token or code in any file', async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      const bytes = await readFile(join(file.parentPath, file.name));
      const whole = file.name === 'backup' ? gunzipSync(bytes) : bytes;
      expect(found(file.name, whole)).toEqual([]);
    }
  });

  test('holds none in what the dashboard wrote', () => {
    expect(found('stderr', Buffer.from(dashboard.stderr()))).toEqual([]);
  });

  test.runIf(database === 'postgres')(
    'holds none in a dump, or in the server’s files',
    async () => {
      const dump = execFileSync(join(postgresPrograms() ?? '', 'pg_dumpall'), [
        ...['-d', postgres?.url ?? ''],
      ]);
      expect(dump.includes('credential_fields')).toBe(true);
      expect(found('the dump', dump)).toEqual([]);
      const folders = await readdir(postgres?.data ?? '', { recursive: true, withFileTypes: true });
      for (const file of folders.filter((entry) => entry.isFile())) {
        const bytes = await readFile(join(file.parentPath, file.name)).catch(() => Buffer.alloc(0));
        expect(found(file.name, bytes)).toEqual([]);
      }
    },
  );
});

/** As it is, hex, base64 in its three alignments, percent; all in lower case. */
function spellings(value: string): string[] {
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.from(`${'x'.repeat(shift)}${value}`).toString('base64');
    return text.slice(shift === 0 ? 0 : 4, -4);
  });
  const forms = [value, Buffer.from(value).toString('hex'), encodeURIComponent(value), ...base64];
  return forms.map((form) => form.toLowerCase());
}
