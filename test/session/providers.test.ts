import { generateKeyPairSync } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { claim } from '../support/claim.ts';
import { startTestDashboard, type TestDashboard } from '../support/dashboard.ts';
import { stubTool, TestSession } from '../support/session.ts';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const stored: Record<string, Record<string, string>> = {
  huggingface: { HF_TOKEN: 'hf_EXAMPLEonlyNotARealTokenAbCdEf012345' },
  wandb: { WANDB_API_KEY: 'example0123456789example0123456789example0' },
  modal: {
    MODAL_TOKEN_ID: 'ak-EXAMPLEonlyNotReal01',
    MODAL_TOKEN_SECRET: 'as-EXAMPLEonlyNotReal02',
  },
  lambda: { LAMBDA_API_KEY: 'secret_example_EXAMPLEonlyNotReal03' },
  aws: {
    AWS_ACCESS_KEY_ID: 'ASIAEXAMPLEONLY23456',
    AWS_SECRET_ACCESS_KEY: 'EXAMPLEonlyNotARealSecretKey/0123456789+',
    AWS_SESSION_TOKEN: 'EXAMPLEsessionToken/onlyNotReal/0123456789==',
  },
  gcp: {
    GOOGLE_APPLICATION_CREDENTIALS: JSON.stringify({
      type: 'service_account',
      private_key_id: '0123456789abcdef0123456789abcdef01234567',
      private_key: privateKey,
      client_email: 'demo@demo.iam.gserviceaccount.com',
    }),
  },
};

let dashboard: TestDashboard;
let session: TestSession;
let home: string;
let tools: string;
let env: Record<string, string>;

beforeAll(async () => {
  dashboard = await startTestDashboard({ database: 'pglite' });
  home = mkdtempSync(path.join(tmpdir(), 'home-'));
  tools = path.join(home, 'bin');
  mkdirSync(tools);
  for (const name of ['aws', 'modal', 'lambda-cloud', 'wandb', 'hf']) stubTool(tools, name);
  const cookie = await dashboard.signUp('ada@example.com');
  for (const [provider, values] of Object.entries(stored)) {
    expect((await dashboard.putCredential(cookie, provider, values)).status).toBe(200);
  }
  env = {
    HOME: home,
    PATH: `${tools}:${process.env.PATH ?? ''}`,
    SYNSC_DASHBOARD_URL: dashboard.url,
    SYNSC_CA_SHA256: dashboard.caSha256,
    SYNSC_TOKEN: await dashboard.completeDeviceFlow(cookie),
  };
  session = new TestSession({ sync: true, env });
  await session.call('ping');
});
afterAll(async () => {
  await session.close();
  await dashboard.close();
  rmSync(home, { recursive: true, force: true });
});

/** What a provider's own tool finds: its names with values of the right length, in clear for it alone. */
async function received(argv: string[], provider: string): Promise<void> {
  const [tool = '', ...args] = argv;
  writeFileSync(
    path.join(tools, tool),
    `#!/usr/bin/env python3\nimport os\nfor n in ${JSON.stringify(Object.keys(stored[provider] ?? {}))}:\n  print(n, len(os.environ[n]), os.environ[n])\n`,
    { mode: 0o755 },
  );
  const { stdout } = await session.run({ argv: [tool, ...args] });
  const lines = Object.entries(stored[provider] ?? {}).map(
    ([name, value]) => `${name} ${value.length} [REDACTED]\n`,
  );
  expect(stdout).toBe(lines.join(''));
}

claim('credentials/huggingface', () => received(['hf', 'whoami'], 'huggingface'));
claim('credentials/wandb', () => received(['wandb', 'status'], 'wandb'));
claim('credentials/modal', () => received(['modal', 'run', 'x.py'], 'modal'));
claim('credentials/lambda', () => received(['lambda-cloud', 'ls'], 'lambda'));
claim('credentials/aws', () => received(['aws', 's3', 'ls'], 'aws'));
claim('credentials/gcp', async () => {
  const script = path.join(home, 'store.py');
  writeFileSync(
    script,
    'import os, json\ntry:\n  from google.cloud import storage\nexcept ImportError:\n  pass\n' +
      'print(json.load(open(os.environ["GOOGLE_APPLICATION_CREDENTIALS"]))["client_email"])\n',
  );
  const { stdout } = await session.run({ argv: ['python3', script] });
  expect(stdout).toBe('demo@demo.iam.gserviceaccount.com\n');
});

test.each(['order', 'SIGKILL'])(
  'gcloud finds a file in memory, gone when the session ended by %s',
  async (how) => {
    const report =
      'stat -c %a "$CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE"; stat -f -c %T "$CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE"';
    writeFileSync(
      path.join(tools, 'gcloud'),
      `#!/bin/sh\n${report}\nmkdir -p "$CLOUDSDK_CONFIG"; echo x >"$CLOUDSDK_CONFIG/credentials.db"; echo "$CLOUDSDK_CONFIG"\n`,
      { mode: 0o755 },
    );
    const own = new TestSession({ sync: true, env });
    const direct = await own.run({ argv: ['gcloud', 'projects', 'list'] });
    const { stdout, decisions } = await own.run({ command: 'true; gcloud projects list | cat' });
    expect(stdout).toBe(direct.stdout);
    expect(decisions[0]?.given).toEqual(['GOOGLE_APPLICATION_CREDENTIALS']);
    const [mode, kind, config = ''] = stdout.split('\n');
    expect([mode, kind]).toEqual(['600', 'tmpfs']);
    expect(existsSync(config)).toBe(true);
    if (how === 'SIGKILL') own.child.kill('SIGKILL');
    else await own.close();
    await expect.poll(() => existsSync(path.dirname(config)), { timeout: 3_000 }).toBe(false);
    rmSync(own.runtime, { recursive: true, force: true });
    rmSync(path.join(tools, 'gcloud'));
  },
);

claim('credentials/no-config-files', () => {
  const files = readdirSync(home, { recursive: true, encoding: 'utf8' });
  expect(files.filter((file) => !file.startsWith('bin') && file !== 'store.py')).toEqual([]);
});

claim('security/no-credential-files', () => {
  const files = readdirSync(session.runtime, { recursive: true, withFileTypes: true });
  for (const file of files.filter((entry) => entry.isFile())) {
    const bytes = readFileSync(path.join(file.parentPath, file.name));
    for (const value of Object.values(stored).flatMap((values) => Object.values(values))) {
      expect(bytes.includes(value), file.name).toBe(false);
    }
  }
});

claim('card/spawn-call', async () => {
  const { stdout, decisions } = await session.run({
    argv: ['python3', '-c', 'import huggingface_hub as h'],
    tty: { columns: 80, rows: 24 },
  });
  expect(decisions[0]?.given).toEqual(['HF_TOKEN']);
  expect(stdout).not.toContain(stored.huggingface?.HF_TOKEN);
});
