import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auditHolds } from '../../protocol/session/audit.ts';
import type { AuditEntry } from '../../protocol/session/auditEntry.ts';
import { startTestDashboard } from '../support/dashboard.ts';
import { cleanEnv, synsc } from '../support/session.ts';

const value = 'hf_EXAMPLEonlyNotARealTokenAbCdEf012345';
interface Chain {
  entries: AuditEntry[];
  head: string;
  holds: boolean;
}

let place: string;
beforeAll(() => {
  place = mkdtempSync(path.join(tmpdir(), 'r-'));
  writeFileSync(path.join(place, 'shows.py'), 'import os; print(os.environ["HF_TOKEN"])');
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** Runs a shell text in a session of its own; answers what it printed. */
function launch(text: string, env: Record<string, string> = {}, flags = ['--no-sync']) {
  const child = spawn(synsc, ['launch', ...flags, '--', 'bash', '-c', text], {
    env: cleanEnv({ XDG_RUNTIME_DIR: place, XDG_CONFIG_HOME: place, HF_TOKEN: value, ...env }),
    cwd: place,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes.toString();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

describe('synsc audit', () => {
  const text = `${synsc} exec -- python3 shows.py >/dev/null; ${synsc} exec -c 'git --version; exit 4'; ${synsc} audit --json`;

  test('tells what was run, given and redacted, in a chain that holds, without a value', async () => {
    const { stdout } = await launch(text);
    const { entries, head, holds } = JSON.parse(stdout.split('\n').at(-2) ?? '') as Chain;
    expect(holds).toBe(true);
    expect(auditHolds(entries, head)).toBe(true);
    const said = entries.map(({ event, program, given, outcome, redactions }) => ({
      ...{ event, program, given, outcome, redactions },
    }));
    expect(said).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ event: 'session', outcome: 'started' }),
        expect.objectContaining({ event: 'decision', program: 'python3', given: ['HF_TOKEN'] }),
        expect.objectContaining({ event: 'exit', outcome: '0', redactions: 1 }),
        expect.objectContaining({ event: 'decision', program: 'git', given: [] }),
        expect.objectContaining({ event: 'exit', outcome: '4', redactions: 0 }),
      ]),
    );
    expect(stdout).not.toContain(value);
    expect(stdout).not.toContain('shows.py'); // arguments only as a keyed hash
    for (const { event, argumentsHash } of entries) {
      if (event === 'spawn') expect(argumentsHash).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  test('keeps arguments, redacted, for users who want them', async () => {
    const settings = path.join(place, 'synsc');
    rmSync(settings, { recursive: true, force: true });
    mkdirSync(settings, { mode: 0o700 });
    writeFileSync(path.join(settings, 'config.json'), '{"audit": {"arguments": true}}');
    const { stdout, stderr } = await launch(`${synsc} exec -- echo ${value} words; ${synsc} audit`);
    rmSync(path.join(settings, 'config.json'));
    expect(stdout).toMatch(/spawn +echo \[REDACTED\] words/);
    expect(stdout).not.toContain(value);
    expect(stderr).toMatch(/the chain holds; head [0-9a-f]{64}/);
  });

  test('says outside a session what to do', async () => {
    const child = spawn(synsc, ['audit'], { env: cleanEnv() });
    let stderr = '';
    child.stderr.on('data', (bytes: Buffer) => {
      stderr += bytes.toString();
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(125);
    expect(stderr).toMatch(/^synsc: .+\nhint: .*synsc launch/);
  });
});

test('synsc pair prints a code and how it is used', async () => {
  const { stdout, stderr } = await launch(`${synsc} pair; ${synsc} pair --json`);
  const [code = '', json = ''] = stdout.trim().split('\n');
  expect(code).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
  expect(stderr).toContain(`pair {"code": "${code}"} on ${place}/synsc/`);
  expect(JSON.parse(json)).toMatchObject({ expiresIn: 120, socket: expect.stringMatching(/\/s$/) });
});

test.each(['pglite', 'postgres'] as const)(
  'the end of the chain is in the dashboard (%s) when the session has ended',
  async (database) => {
    const dashboard = await startTestDashboard({ database });
    try {
      const cookie = await dashboard.signUp('ada@example.com');
      const env = {
        SYNSC_DASHBOARD_URL: dashboard.url,
        SYNSC_CA_SHA256: dashboard.caSha256,
        SYNSC_TOKEN: await dashboard.completeDeviceFlow(cookie),
      };
      const { stdout } = await launch(`${synsc} audit --json`, env, []);
      const { head, entries } = JSON.parse(stdout) as Chain;
      expect(entries.map(({ event }) => event)).toContain('sync');
      const { text: list } = await dashboard.ask('/sessions', { headers: { cookie } });
      const [, own = ''] = /href="(\/sessions\/[0-9a-f-]{36})"/.exec(list) ?? [];
      const page = await dashboard.ask(own, { headers: { cookie } });
      // nothing happened after it was asked for
      expect(page.text).toContain(head);
    } finally {
      await dashboard.close();
    }
  },
  60_000,
);
