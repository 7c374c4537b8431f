import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateSealingKeys, open, sharedKey } from '../../protocol/dashboard/sealing.ts';
import { copyDatabase } from '../support/embedded.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import {
  type DashboardProcess,
  type Place,
  runDashboardCommand as run,
  startDashboardProcess,
} from '../support/process.ts';
import { type Database, databases } from '../support/store.ts';

const value = 'hf_SENTINELsentinelSENTINEL0001';
const email = 'alice@example.org';

/** The one credential, as a machine gets it. */
async function synced(dashboard: DashboardProcess, token: string) {
  const keys = generateSealingKeys();
  const answer = await dashboard.ask('/api/cli/sync', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ publicKey: keys.publicKey }),
  });
  const { account, publicKey, credentials } = JSON.parse(answer.text);
  const [one] = credentials;
  const context = { accountId: account.id, name: one.name, version: one.version };
  return open(sharedKey(keys, publicKey, 'session'), one, context).toString();
}

describe.each(databases)('a backup of a dashboard on %s', (database) => {
  let folder = '';
  let place: Place;
  let dashboard: DashboardProcess;
  let token = '';
  const servers: TestPostgres[] = [];
  const file = () => join(folder, 'backup.gz');

  async function emptyPlace(kind: Database = database): Promise<Place> {
    const data = await mkdtemp(join(folder, 'data-'));
    if (kind === 'pglite') return { data };
    const server = servers[0] ?? (await startPostgres());
    if (servers.length === 0) servers.push(server);
    const name = `db_${Date.now()}_${Math.floor(Math.random() * 1e6)}`;
    const client = new pg.Client(server.url);
    await client.connect();
    await client.query(`CREATE DATABASE ${name}`);
    await client.end();
    const url = new URL(server.url);
    url.pathname = `/${name}`;
    return { data, databaseUrl: url.toString() };
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'synsc-backup-'));
    place = await emptyPlace();
    if (database === 'pglite') await copyDatabase(place.data);
    dashboard = await startDashboardProcess(place);
    const cookie = await dashboard.signUp(email);
    await dashboard.putCredential(cookie, 'huggingface', { HF_TOKEN: value });
    token = await dashboard.completeDeviceFlow(cookie);
    expect(await synced(dashboard, token)).toBe(value);
  }, 180_000);
  afterAll(async () => {
    await dashboard?.end('SIGKILL');
    for (const server of servers) await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('is made while the dashboard runs, for its owner’s eyes only', async () => {
    const { code, answer } = await run(['backup', file()], place);
    expect({ code, path: answer.path }).toEqual({ code: 0, path: file() });
    expect(answer.rows).toBeGreaterThan(5);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([]);
    const text = gunzipSync(await readFile(file())).toString();
    for (const secret of [value, token]) {
      expect(text.includes(secret)).toBe(false);
      expect(text.includes(Buffer.from(secret).toString('base64').slice(2, -3))).toBe(false);
    }
  });

  test('is not overwritten unless it is forced', async () => {
    const before = await readFile(file());
    const refused = await run(['backup', file()], place);
    expect(refused).toMatchObject({ code: 2, answer: { error: { code: 'CONFLICT' } } });
    expect((await readFile(file())).equals(before)).toBe(true);
    expect((await run(['backup', '--force', file()], place)).code).toBe(0);
  });

  test('is not restored over a dashboard unless it is forced', async () => {
    const refused = await run(['restore', file()], place);
    expect(refused).toMatchObject({ code: 2, answer: { error: { code: 'CONFLICT' } } });
    expect(await synced(dashboard, token)).toBe(value);
  });

  test.each(databases)(
    'is a whole dashboard again when it is restored to %s',
    async (kind) => {
      const other = await emptyPlace(kind);
      expect(await run(['restore', file()], other)).toMatchObject({ code: 0 });
      const again = await startDashboardProcess(other);
      try {
        // the same certificate authority, tokens, passwords, keys
        expect(again.caCertificate).toBe(dashboard.caCertificate);
        expect(await synced(again, token)).toBe(value);
        const signIn = { email, password: 'correct horse battery' };
        expect((await again.form('/sign-in', signIn)).status).toBe(200);
        const { answer } = await run(['verify'], other);
        expect(answer).toMatchObject({ faults: [], unopened: [], values: 1 });
      } finally {
        await again.end();
      }
      const refused = await run(['restore', file()], other);
      expect(refused).toMatchObject({ code: 2, answer: { error: { code: 'CONFLICT' } } });
      expect((await run(['restore', '--force', file()], other)).code).toBe(0);
      expect((await run(['verify'], other)).answer).toMatchObject({ faults: [], values: 1 });
    },
    180_000,
  );

  test('opens with its own root key, whatever the dashboard did to its own since', async () => {
    const before = await readFile(join(place.data, 'keys', 'root.key'));
    const [{ code, answer }] = await Promise.all([
      run(['rotate-key'], place),
      synced(dashboard, token), // the dashboard goes on meanwhile
    ]);
    expect({ code, answer }).toEqual({ code: 0, answer: { keys: 1 } });
    expect((await readFile(join(place.data, 'keys', 'root.key'))).equals(before)).toBe(false);
    expect(await synced(dashboard, token)).toBe(value);
    const other = await emptyPlace();
    expect((await run(['restore', file()], other)).code).toBe(0);
    expect((await run(['verify'], other)).answer).toMatchObject({ values: 1, unopened: [] });
  }, 180_000);

  test('changes nothing when it is damaged, breaks off or is no backup', async () => {
    const lines = gunzipSync(await readFile(file()))
      .toString()
      .trim()
      .split('\n');
    const short = gzipSync(`${lines.slice(0, -1).join('\n')}\n`);
    const newer = gzipSync(lines.join('\n').replace('.sql"]', '.sql","999-x.sql"]'));
    const outside = gzipSync(lines.join('\n').replace('keys/root.key', 'keys/../../root.key'));
    for (const [name, bytes] of Object.entries({
      short,
      newer,
      outside,
      other: Buffer.from('x'),
    })) {
      const bad = join(folder, `${name}.gz`);
      await writeFile(bad, bytes);
      const other = await emptyPlace();
      const { code, answer } = await run(['restore', bad], other);
      expect({ name, code, error: answer.error?.code }).toEqual({ name, code: 2, error: 'USAGE' });
      expect((await readdir(other.data)).filter((entry) => entry !== 'lock')).toEqual([]);
    }
    const cut = join(folder, 'cut.gz');
    await writeFile(cut, await readFile(file()));
    await truncate(cut, 900);
    const { code } = await run(['restore', cut], await emptyPlace());
    expect(code).toBe(2);
  }, 180_000);
});
