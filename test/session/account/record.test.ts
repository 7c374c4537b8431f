import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { emptySync, type Fault, startFakeDashboard } from './fakeDashboard.ts';
import { Run } from './run.ts';

/** Each command is a process of its own. */
vi.setConfig({ testTimeout: 120_000 });

/** What a session asks of a dashboard whose first sync is answered like this, and how it ends. */
async function launched(sync: object, ...flags: string[]) {
  const answer: Fault = { status: 200, body: { ...emptySync(), ...sync } };
  const fake = await startFakeDashboard({ '/api/cli/sync': [answer] });
  const home = mkdtempSync(path.join(tmpdir(), 'home-'));
  try {
    const run = new Run(home, ['launch', ...flags, '--', 'true'], {
      SYNSC_DASHBOARD_URL: fake.url,
      SYNSC_CA_SHA256: fake.caSha256,
      SYNSC_TOKEN: 'synsc_EXAMPLE',
    });
    const code = await run.code;
    return { code, asked: fake.asked, stderr: run.stderr };
  } finally {
    await fake.close();
    rmSync(home, { recursive: true, force: true });
  }
}

const session = { id: '1' };

test('a session is recorded with its sync, and its end is told', async () => {
  const { code, asked } = await launched({ session });
  expect(code).toBe(0);
  expect(asked).toEqual(['/api/cli/sync', '/api/cli/sessions/1']);
});

test('an older dashboard is asked for the record by itself', async () => {
  const { code, asked } = await launched({});
  expect(code).toBe(0);
  expect(asked).toEqual(['/api/cli/sync', '/api/cli/sessions', '/api/cli/sessions/1']);
});

test('a label that is longer than a record takes keeps no session from starting', async () => {
  const { code, asked } = await launched({ session }, '--label', 'x'.repeat(5_000));
  expect([code, asked.length]).toEqual([0, 2]);
});

test('a session that could not start after its sync is over at the dashboard, too', async () => {
  const value = {
    name: 'HF_TOKEN',
    provider: 'huggingface',
    version: 1,
    masked: '',
    updatedAt: '',
  };
  const sealed = { nonce: 'AAAAAAAAAAAAAAAA', ciphertext: 'A'.repeat(40) };
  const { code, asked, stderr } = await launched({
    session,
    credentials: [{ ...value, ...sealed }],
  });
  expect(code).toBe(125);
  expect(stderr).toContain('does not open');
  expect(asked).toEqual(['/api/cli/sync', '/api/cli/sessions/1']);
});
