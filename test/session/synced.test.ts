import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claim } from '../support/claim.ts';
import { startTestDashboard, type TestDashboard } from '../support/dashboard.ts';
import { cleanEnv, synsc, TestSession } from '../support/session.ts';

const first = 'hf_EXAMPLEfirstFirstFirstFirst0123456';
const second = 'hf_EXAMPLEsecondSecondSecond01234567';
const key = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
}).privateKey;
const serviceAccount = JSON.stringify({
  type: 'service_account',
  project_id: 'demo',
  private_key_id: '0123456789abcdef0123456789abcdef01234567',
  private_key: key,
  client_email: 'demo@demo.iam.gserviceaccount.com',
});

let dashboard: TestDashboard;
let cookie: string;
let env: Record<string, string>;
let session: TestSession;

beforeAll(async () => {
  dashboard = await startTestDashboard({ database: 'pglite' });
  cookie = await dashboard.signUp('ada@example.com');
  await dashboard.putCredential(cookie, 'huggingface', { HF_TOKEN: first });
  await dashboard.putCredential(cookie, 'gcp', { GOOGLE_APPLICATION_CREDENTIALS: serviceAccount });
  env = {
    SYNSC_DASHBOARD_URL: dashboard.url,
    SYNSC_CA_SHA256: dashboard.caSha256,
    SYNSC_TOKEN: await dashboard.completeDeviceFlow(cookie),
  };
  session = new TestSession({ env, sync: true });
});
afterAll(async () => {
  await session.close();
  await dashboard.close();
});

test('the token that opens the account is redacted like what it opens', async () => {
  const { stdout } = await session.run({ command: `echo token ${env.SYNSC_TOKEN}` });
  expect(stdout).toBe('token [REDACTED]\n');
});

/** Runs the command line and answers its exit code and output. */
function run(args: string[], extra: Record<string, string> = {}) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = spawn(synsc, args, {
      env: cleanEnv({ ...env, XDG_RUNTIME_DIR: session.runtime, ...extra }),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (bytes: Buffer) => {
      stdout += bytes.toString();
    });
    child.stderr.on('data', (bytes: Buffer) => {
      stderr += bytes.toString();
    });
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

function script(text: string): string {
  const file = path.join(session.runtime, 'script.py');
  writeFileSync(file, text);
  return file;
}
/** Processes of this machine, as far as this user may look, whose environment or arguments hold a text. */
function holdersAmongProcesses(text: string, file: 'environ' | 'cmdline'): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const holds = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(text);
    } catch {
      return false; // another user's, or gone
    }
  };
  return pids.filter(holds).map(Number);
}

const lengthOfToken = 'import os\nt=os.environ["HF_TOKEN"]\nprint(len(t), t[-4:], t)\n';

claim('credentials/sync-at-launch', async () => {
  const { credentials } = await session.call<{ credentials: { name: string }[] }>('credentials');
  expect(credentials.map(({ name }) => name).sort()).toEqual([
    'GOOGLE_APPLICATION_CREDENTIALS',
    'HF_TOKEN',
  ]);
  const { stdout } = await session.run({ argv: ['python3', script(lengthOfToken)] });
  expect(stdout).toBe(`${first.length} ${first.slice(-4)} [REDACTED]\n`);
});

test('a GCP command finds a private file on tmpfs, whose key is redacted, and it goes with the session', async () => {
  const own = new TestSession({ env, sync: true });
  const file = path.join(own.runtime, 'gcp.py');
  writeFileSync(
    file,
    'import os\nif False:\n  from google.cloud import storage\np=os.environ["GOOGLE_APPLICATION_CREDENTIALS"]\nprint(p, oct(os.stat(p).st_mode))\nprint(open(p).read())\n',
  );
  const { stdout } = await own.run({ argv: ['python3', file] });
  const [place = '', mode] = (stdout.split('\n')[0] ?? '').split(' ');
  expect(mode).toBe('0o100600');
  expect(statSync(place).isFile()).toBe(true);
  expect(stdout).toContain('[REDACTED]');
  for (const line of key.split('\n').filter((text) => text.length > 40 && !text.includes('---'))) {
    expect(stdout).not.toContain(line);
  }
  await own.close();
  expect(() => statSync(place)).toThrow('ENOENT');
});

claim('credentials/status-picks-up', async () => {
  await session.call('ping');
  await dashboard.putCredential(cookie, 'huggingface', { HF_TOKEN: second });
  const status = await run(['connect', 'status', '--json']);
  expect(status.code).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({
    account: { email: 'ada@example.com' },
    sessions: [{ synced: true }],
  });
  expect(status.stdout).not.toContain(second);
  const { stdout } = await session.run({ argv: ['python3', script(lengthOfToken)] });
  expect(stdout).toBe(`${second.length} ${second.slice(-4)} [REDACTED]\n`);
  // the old value may still be in some program's output
  const old = await session.run({ argv: ['printf', first] });
  expect(old.stdout).toBe('[REDACTED]');
});

describe('a value that no other process of this machine has', () => {
  const value = `hf_EXAMPLE${randomBytes(14).toString('hex')}`;
  const spellings = [value, btoa(value), Buffer.from(value).toString('hex')];
  let own: TestSession;
  let home: string;

  /** Files below a directory that hold it. */
  const holders = (place: string) =>
    readdirSync(place, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => path.join(parentPath, name))
      .filter((file) => spellings.some((text) => readFileSync(file).includes(text)));

  beforeAll(async () => {
    await dashboard.putCredential(cookie, 'huggingface', { HF_TOKEN: value });
    home = mkdtempSync(path.join(tmpdir(), 'home-'));
    // everything that it writes is below one directory
    const runtime = path.join(home, 'run');
    mkdirSync(runtime, { mode: 0o700 });
    own = new TestSession({ env: { ...env, HOME: home, TMPDIR: home }, sync: true, runtime });
    await own.run({ argv: ['python3', script(lengthOfToken)] });
  });
  afterAll(async () => {
    await dashboard.putCredential(cookie, 'huggingface', { HF_TOKEN: second });
    rmSync(home, { recursive: true, force: true });
  });

  claim('credentials/only-subprocess-envs', async () => {
    const waits = script(
      'import os, time\nassert os.environ["HF_TOKEN"]\nprint("on", flush=True)\ntime.sleep(600)\n',
    );
    const { pid, processId } = await own.start({ argv: ['python3', waits] });
    await expect
      .poll(() => own.notifications.some(({ params }) => params.processId === processId), {
        timeout: 20_000,
      })
      .toBe(true);
    expect(holdersAmongProcesses(value, 'environ')).toEqual([pid]);
    expect(holdersAmongProcesses(value, 'cmdline')).toEqual([]);
    await own.call('kill', { processId, signal: 'SIGKILL' });
    await own.call('wait', { processId });
    expect(holdersAmongProcesses(value, 'environ')).toEqual([]);
  });

  claim('credentials/never-on-disk', () => {
    writeFileSync(path.join(home, 'sought'), btoa(value));
    expect(holders(home)).toEqual([path.join(home, 'sought')]); // it would be found
    rmSync(path.join(home, 'sought'));
    expect(holders(home)).toEqual([]);
  });

  claim('security/only-persistent-layer', async () => {
    await own.close();
    expect(await own.exited).toBe(0);
    expect(holders(home)).toEqual([]);
    expect(holdersAmongProcesses(value, 'environ')).toEqual([]);
    const again = new TestSession({ env, sync: true });
    const { stdout } = await again.run({ argv: ['python3', script(lengthOfToken)] });
    expect(stdout).toBe(`${value.length} ${value.slice(-4)} [REDACTED]\n`);
    await again.close();
  });
});

test('the dashboard records the session, with names and never values', async () => {
  const own = new TestSession({ env, sync: true });
  await own.run({ argv: ['python3', script(lengthOfToken)] });
  await own.close();
  const page = await dashboard.ask('/sessions', { headers: { cookie } });
  expect(page.text).toContain('HF_TOKEN');
  expect(page.text).not.toContain(second);
});

claim('security/sync-over-tls', async () => {
  const away = { SYNSC_DASHBOARD_URL: 'https://localhost:1' };
  const launched = await run(['launch', '--', 'touch', path.join(session.runtime, 'ran')], away);
  expect(launched.code).toBe(125);
  expect(launched.stderr).toMatch(/^synsc: .+\nhint: .+\n$/);
  expect(readdirSync(session.runtime)).not.toContain('ran');
  const wrong = await run(['launch', '--', 'true'], { SYNSC_CA_SHA256: '0'.repeat(64) });
  expect(wrong.code).toBe(125);
  const refused = await run(['launch', '--', 'true'], { SYNSC_TOKEN: 'synsc_wrong' });
  expect(refused.code).toBe(3);
  expect(refused.stderr).toMatch(/^synsc: .+\nhint: .+\n$/);
});

claim('security/logout-at-once', async () => {
  await dashboard.form('/oauth/revoke', { token: env.SYNSC_TOKEN ?? '', client_id: 'synsc-cli' });
  const { error } = await session.ask('sync');
  expect(error).toMatchObject({ code: -32006, data: { code: 'NOT_SIGNED_IN' } });
  const { stdout } = await session.run({ argv: ['python3', script(lengthOfToken)] });
  expect(stdout).toContain('[REDACTED]');
  rmSync(path.join(session.runtime, 'script.py'), { force: true });
});
