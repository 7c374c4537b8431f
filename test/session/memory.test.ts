import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { protection } from '../../src/platform/pages.ts';
import { claim } from '../support/claim.ts';
import { startTestDashboard, type TestDashboard } from '../support/dashboard.ts';
import { copiesIn } from '../support/memory.ts';
import { TestSession } from '../support/session.ts';

const canRead = process.getuid?.() === 0 && protection() === 'secret';
const values = {
  HF_TOKEN: 'hf_EXAMPLEqzPvWkXjNbRtYgHsLdFc987654',
  MODAL_TOKEN_ID: 'ak-EXAMPLEmodalTokenIdZZ12',
  MODAL_TOKEN_SECRET: 'as-EXAMPLEmodalSecretYYmm34xw',
};
const replaced = 'hf_EXAMPLEsecondSecondSecond01234567';
const key = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
}).privateKey;
/** A line from the middle of the key. */
const keyLine = key.split('\n')[10] ?? '';
const serviceAccount = JSON.stringify({
  type: 'service_account',
  project_id: 'demo',
  private_key_id: '0123456789abcdef0123456789abcdef01234567',
  private_key: key,
  client_email: 'demo@demo.iam.gserviceaccount.com',
});

describe.skipIf(!canRead)(
  'in the memory of a session, as root reads it (needs root and memfd_secret)',
  () => {
    let dashboard: TestDashboard;
    let cookie: string;
    let session: TestSession;
    const copies = (value: string) => copiesIn(session.child.pid ?? 0, value);

    beforeAll(async () => {
      dashboard = await startTestDashboard({ database: 'pglite' });
      cookie = await dashboard.signUp('ada@example.com');
      const { HF_TOKEN, ...modal } = values;
      await dashboard.putCredential(cookie, 'huggingface', { HF_TOKEN });
      await dashboard.putCredential(cookie, 'modal', modal);
      await dashboard.putCredential(cookie, 'gcp', {
        GOOGLE_APPLICATION_CREDENTIALS: serviceAccount,
      });
      const env = {
        SYNSC_DASHBOARD_URL: dashboard.url,
        SYNSC_CA_SHA256: dashboard.caSha256,
        SYNSC_TOKEN: await dashboard.completeDeviceFlow(cookie),
      };
      session = new TestSession({ env, sync: true });
      await session.call('credentials');
    });
    afterAll(async () => {
      await session.close();
      await dashboard.close();
    });

    test('the search finds what is there', () => {
      expect(copies(session.runtime)).not.toEqual([]);
    });

    test('no value stands after twenty commands that print theirs, by themselves and in shells', async () => {
      const script = path.join(session.runtime, 'show.py');
      const google = 'try:\n  import google.cloud.storage\nexcept ImportError: pass\n';
      const show =
        'import os\nprint(os.environ["HF_TOKEN"])\nprint(open(os.environ["GOOGLE_APPLICATION_CREDENTIALS"]).read())\n';
      writeFileSync(script, google + show);
      for (let run = 0; run < 16; run += 1) {
        const { stdout, redactions } = await session.run({ argv: ['python3', script] });
        expect(stdout).toContain('[REDACTED]');
        expect(redactions).toBeGreaterThan(1);
      }
      for (let run = 0; run < 4; run += 1) {
        const { stdout } = await session.run({
          command: `python3 ${script} | cat; python3 ${script}`,
        });
        expect(stdout).toContain('[REDACTED]');
      }
      for (const value of [...Object.values(values), keyLine]) expect(copies(value)).toEqual([]);
    }, 120_000);

    test('nor after a rotation, the old one or the new one', async () => {
      await dashboard.putCredential(cookie, 'huggingface', { HF_TOKEN: replaced });
      await session.call('sync'); // it may have heard of it already
      expect(await session.call('credentials')).toMatchObject({
        credentials: expect.arrayContaining([
          expect.objectContaining({ name: 'HF_TOKEN', version: 2 }),
        ]),
      });
      const { stdout } = await session.run({ argv: ['echo', values.HF_TOKEN] });
      expect(stdout).toBe('[REDACTED]\n');
      expect(copies(replaced), 'replaced').toEqual([]);
      expect(copies(keyLine), 'key').toEqual([]);
    });
  },
);

claim('credentials/held-in-memory', async () => {
  const own = 'hf_EXAMPLEmineMineMineMine0123456789';
  const session = new TestSession({ env: { HF_TOKEN: own } });
  const { credentials } = await session.call<{ credentials: object[] }>('credentials');
  expect(credentials).toMatchObject([
    { name: 'HF_TOKEN', source: 'environment', masked: '••••6789' },
  ]);
  // only there: the environment that it came with has it no more
  if (process.getuid?.() === 0) {
    expect(readFileSync(`/proc/${session.child.pid}/environ`, 'latin1')).not.toContain(own);
  }
  const script = path.join(session.runtime, 'length.py');
  writeFileSync(script, 'import os\nprint(len(os.environ["HF_TOKEN"]))\n');
  const { stdout } = await session.run({ argv: ['python3', script] });
  expect(stdout).toBe(`${own.length}\n`);
  await session.close();
});
