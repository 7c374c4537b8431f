import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { generateSealingKeys, open, sharedKey } from '../../protocol/dashboard/sealing.ts';
import { backup, check, restore, rotateKey } from '../../src/dashboard/admin/commands.ts';
import { type Dashboard, startDashboard } from '../../src/dashboard/main.ts';
import { clientOf, type TestClient } from '../support/client.ts';
import { copyDatabase } from '../support/embedded.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { type Place, runDashboardCommand } from '../support/process.ts';
import { type Database, databases } from '../support/store.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const value = 'hf_SENTINELsentinelSENTINEL0001';
const email = 'alice@example.org';
const taken = { code: 'CONFLICT', hint: expect.stringContaining('--force') };

type Running = Dashboard & TestClient;

async function start({ data, databaseUrl }: Place): Promise<Running> {
  const dashboard = await startDashboard({
    ...{ host: 'localhost', port: 0, data, json: false, codeLifetime: 900, pollInterval: 5 },
    databaseUrl,
  });
  return { ...dashboard, ...clientOf(dashboard) };
}

/** The one credential, as a machine gets it. */
async function synced(dashboard: TestClient, token: string) {
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
  let dashboard: Running;
  let token = '';
  const servers: TestPostgres[] = [];
  const file = () => join(folder, 'backup.gz');

  async function emptyPlace(kind: Database = database): Promise<Place> {
    const data = await mkdtemp(join(folder, 'data-'));
    await copyDatabase(await mkdtemp(join(folder, 'unused-'))); // makes the template
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
    dashboard = await start(place);
    const cookie = await dashboard.signUp(email);
    await dashboard.putCredential(cookie, 'huggingface', { HF_TOKEN: value });
    token = await dashboard.completeDeviceFlow(cookie);
    expect(await synced(dashboard, token)).toBe(value);
  });
  afterAll(async () => {
    await dashboard?.close();
    for (const server of servers) await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('is made while the dashboard runs, for its owner’s eyes only', async () => {
    const { code, answer } = await runDashboardCommand(['backup', file()], place);
    expect({ code, path: answer.path }).toEqual({ code: 0, path: file() });
    expect(answer.rows).toBeGreaterThan(5);
    const refused = await runDashboardCommand(['backup', file()], place);
    expect(refused).toMatchObject({ code: 2, answer: { error: { code: 'CONFLICT' } } });
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([]);
    const text = gunzipSync(await readFile(file())).toString();
    for (const secret of [value, token]) {
      expect(text.includes(secret)).toBe(false);
      expect(text.includes(Buffer.from(secret).toString('base64').slice(2, -3))).toBe(false);
    }
  });

  test('the end of the audit trail is written, and checked against, while it runs', async () => {
    const head = join(folder, 'head.json');
    const { code, answer } = await runDashboardCommand(['audit-head', head], place);
    const text = await readFile(head, 'utf8');
    const sha256 = createHash('sha256').update(text).digest('hex');
    expect({ code, answer }).toMatchObject({ code: 0, answer: { path: head, sha256 } });
    await dashboard.signUp('later@example.org');
    const good = await runDashboardCommand(['verify', '--head', head], place);
    expect(good).toMatchObject({ code: 0, answer: { faults: [] } });
    const other = join(folder, 'other.json');
    await writeFile(other, text.replace(/"hash": "[0-9a-f]{8}/, '"hash": "00000000'));
    const bad = await runDashboardCommand(['verify', '--head', other], place);
    expect(bad).toMatchObject({ code: 4, answer: { faults: [{ what: 'written anew' }] } });
  });

  test('is not overwritten unless it is forced', async () => {
    const before = await readFile(file());
    await expect(backup(file(), place, false)).rejects.toMatchObject(taken);
    expect((await readFile(file())).equals(before)).toBe(true);
    await backup(file(), place, true);
    expect((await readFile(file())).equals(before)).toBe(false);
  });

  test('is not restored over a dashboard unless it is forced, nor while it runs', async () => {
    for (const force of [false, true]) {
      await expect(restore(file(), place, force)).rejects.toMatchObject({ code: 'CONFLICT' });
    }
    expect(await synced(dashboard, token)).toBe(value);
  });

  test.each(databases)('is a whole dashboard again when it is restored to %s', async (kind) => {
    const other = await emptyPlace(kind);
    await restore(file(), other, false);
    const again = await start(other);
    try {
      // the same certificate authority, tokens, passwords, keys
      expect(again.caCertificate).toBe(dashboard.caCertificate);
      expect(await synced(again, token)).toBe(value);
      const signIn = { email, password: 'correct horse battery' };
      expect((await again.form('/sign-in', signIn)).status).toBe(200);
      expect(await check(other)).toMatchObject({ faults: [], unopened: [], values: 1 });
    } finally {
      await again.close();
    }
    await expect(restore(file(), other, false)).rejects.toMatchObject(taken);
    await restore(file(), other, true);
    expect(await check(other)).toMatchObject({ faults: [], unopened: [], values: 1 });
  });

  test('opens with its own root key, whatever the dashboard did to its own since', async () => {
    const before = await readFile(join(place.data, 'keys', 'root.key'));
    const [keys] = await Promise.all([
      rotateKey(place),
      synced(dashboard, token), // the dashboard goes on meanwhile
    ]);
    expect(keys).toBe(1);
    expect((await readFile(join(place.data, 'keys', 'root.key'))).equals(before)).toBe(false);
    expect(await synced(dashboard, token)).toBe(value);
    const other = await emptyPlace();
    await restore(file(), other, false);
    expect(await check(other)).toMatchObject({ values: 1, unopened: [] });
  });

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
      await expect(restore(bad, other, false), name).rejects.toMatchObject({ code: 'USAGE' });
      expect(await readdir(other.data)).toEqual([]);
    }
    const cut = join(folder, 'cut.gz');
    await writeFile(cut, await readFile(file()));
    await truncate(cut, 900);
    const restored = restore(cut, await emptyPlace(), false);
    await expect(restored).rejects.toMatchObject({ code: 'USAGE' });
  });
});
