import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { generateSealingKeys, seal, sharedKey } from '../../protocol/dashboard/sealing.ts';
import type { SyncRequest } from '../../protocol/dashboard/sync.ts';
import type { FinishedSpawn } from '../../protocol/session/schemas.ts';
import { SynscError } from '../../src/errors.ts';
import { stubTool } from '../support/session.ts';
import { startOwnSession } from '../support/supervisor.ts';

const keyId = (version: number) => `AKIAEXAMPLEONLY2345${version}`;
const secret = (version: number) => `EXAMPLEonlyNotARealSecretKey/01234567${version}`;
const serviceAccount = (version: number) =>
  JSON.stringify({
    type: 'service_account',
    project_id: `demo-${version}`,
    private_key: generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey,
    client_email: 'demo@demo.iam.gserviceaccount.com',
  });

type Values = Record<string, { provider: 'aws' | 'gcp'; version: number; value: string }>;
const aws = (version: number): Values => ({
  AWS_ACCESS_KEY_ID: { provider: 'aws', version, value: keyId(version) },
  AWS_SECRET_ACCESS_KEY: { provider: 'aws', version, value: secret(version) },
});

/** What a dashboard answers that holds these values: sealed to the session that asks. */
function sealed(values: Values, { publicKey }: SyncRequest) {
  const keys = generateSealingKeys();
  const key = sharedKey(keys, publicKey, 'dashboard');
  const account = { id: 'a', email: 'ada@example.com' };
  const credentials = Object.entries(values).map(([name, { provider, version, value }]) => ({
    ...{ name, provider, version, masked: '••••', updatedAt: new Date().toISOString() },
    ...seal(key, Buffer.from(value), { accountId: account.id, name, version }),
  }));
  return { account, publicKey: keys.publicKey, credentials };
}

let session: Awaited<ReturnType<typeof startOwnSession>>;
afterEach(() => session.close());

test('a rotated pair is never mixed, however many commands start meanwhile, and old values stay redacted', async () => {
  let version = 1;
  const bin = mkdtempSync(path.join(tmpdir(), 'bin-'));
  const tool = stubTool(bin, 'aws');
  session = await startOwnSession({
    env: { PATH: `${bin}:${process.env.PATH}` },
    source: async (request) => sealed(aws(version), request),
  });
  await session.supervisor.sync();
  const client = await session.client();
  writeFileSync(
    tool,
    '#!/bin/bash\nprintf %s "${AWS_ACCESS_KEY_ID: -1}${AWS_SECRET_ACCESS_KEY: -1}"\n',
  );
  const call = async () => {
    const { stdout } = (await client.call('spawn', { argv: ['aws', 's3', 'ls'] })) as FinishedSpawn;
    return stdout;
  };
  expect(await call()).toBe('11');
  const runs: Promise<string>[] = [];
  for (version = 2; version <= 9; version += 1) {
    runs.push(call(), call());
    const synced = client.call('sync');
    runs.push(call(), call());
    expect((await synced).changed).toEqual(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']);
  }
  for (const pair of await Promise.all(runs)) expect(pair).toMatch(/^(\d)\1$/);
  expect(await call()).toBe('99');
  for (const old of [keyId(1), secret(1), secret(5)]) {
    const shown = (await client.call('spawn', { argv: ['printf', '%s', old] })) as FinishedSpawn;
    expect(shown.stdout).toBe('[REDACTED]');
  }
  rmSync(bin, { recursive: true });
}, 60_000);

test('a late answer never brings an older value back', async () => {
  let asked = 0;
  const gates: (() => void)[] = [];
  session = await startOwnSession({
    source: async (request) => {
      asked += 1;
      const answer = sealed(aws(asked), request);
      if (asked > 1) await new Promise<void>((resolve) => void gates.push(resolve));
      return answer;
    },
  });
  await session.supervisor.sync();
  const client = await session.client();
  const [first, second, third] = [client.call('sync'), client.call('sync'), client.call('sync')];
  await expect.poll(() => gates.length).toBe(1); // one at a time
  gates[0]?.();
  await first;
  await expect.poll(() => gates.length).toBe(2);
  gates[1]?.();
  await Promise.all([second, third]); // both are answered by the one that began after they asked
  expect(asked).toBe(3);
  const { credentials } = await client.call('credentials');
  expect(credentials.map(({ version }) => version)).toEqual([3, 3]);
});

test('a session whose dashboard is down keeps its values, says so, and goes on when it is back', async () => {
  let down = false;
  session = await startOwnSession({
    source: async (request) => {
      if (down) throw new SynscError('DASHBOARD_UNREACHABLE', 'cannot reach the dashboard');
      return sealed(aws(1), request);
    },
  });
  await session.supervisor.sync();
  const client = await session.client();
  down = true;
  await expect(client.call('sync')).rejects.toMatchObject({
    code: -32006,
    message: 'cannot reach the dashboard; the session keeps the values it has',
    data: { code: 'DASHBOARD_UNREACHABLE', hint: expect.stringMatching(/./) },
  });
  const told = await client.call('credentials');
  expect(told.credentials).toHaveLength(2);
  expect(told.synced).toEqual({ at: expect.any(String), error: 'DASHBOARD_UNREACHABLE' });
  down = false;
  await client.call('sync');
  expect((await client.call('credentials')).synced).toEqual({ at: expect.any(String) });
});

test('what does not open is no bug of the session, which keeps its values', async () => {
  let asked = 0;
  session = await startOwnSession({
    source: async (request) => {
      asked += 1;
      if (asked === 1) return sealed(aws(1), request);
      if (asked === 2) return { ...sealed(aws(2), request), publicKey: 'AA' };
      return sealed(aws(2), { ...request, publicKey: generateSealingKeys().publicKey });
    },
  });
  await session.supervisor.sync();
  const client = await session.client();
  for (let tries = 0; tries < 2; tries += 1) {
    await expect(client.call('sync')).rejects.toMatchObject({ data: { code: 'SYNC_FAILED' } });
  }
  const { credentials } = await client.call('credentials');
  expect(credentials.map(({ version }) => version)).toEqual([1, 1]);
});

test('a session whose sign-in was revoked syncs no more, and keeps its values', async () => {
  let asked = 0;
  session = await startOwnSession({
    source: async (request) => {
      asked += 1;
      if (asked > 1) throw new SynscError('NOT_SIGNED_IN', 'the token was revoked or has expired');
      return sealed(aws(1), request);
    },
  });
  await session.supervisor.sync();
  const client = await session.client();
  for (let tries = 0; tries < 3; tries += 1) {
    await expect(client.call('sync')).rejects.toMatchObject({
      data: { code: 'NOT_SIGNED_IN', hint: expect.stringContaining('new session') },
    });
  }
  expect(asked).toBe(2);
  expect((await client.call('credentials')).credentials).toHaveLength(2);
});

test('the file of a rotated credential becomes the new one, and goes when it is removed', async () => {
  let values: Values = {
    GOOGLE_APPLICATION_CREDENTIALS: { provider: 'gcp', version: 1, value: serviceAccount(1) },
  };
  session = await startOwnSession({ source: async (request) => sealed(values, request) });
  await session.supervisor.sync();
  const client = await session.client();
  const script = path.join(session.cwd, 'gcp.py');
  const lines = ['if False:', '  from google.cloud import storage', 'import os'];
  writeFileSync(
    script,
    `${lines.join('\n')}\nprint(os.environ["GOOGLE_APPLICATION_CREDENTIALS"])\n`,
  );
  const { stdout } = (await client.call('spawn', { argv: ['python3', script] })) as FinishedSpawn;
  const file = stdout.trim();
  expect(readFileSync(file, 'utf8')).toContain('demo-1');
  values = {
    GOOGLE_APPLICATION_CREDENTIALS: { provider: 'gcp', version: 2, value: serviceAccount(2) },
  };
  await client.call('sync');
  expect(readFileSync(file, 'utf8')).toContain('demo-2');
  values = {};
  await client.call('sync');
  expect(existsSync(file)).toBe(false);
});
