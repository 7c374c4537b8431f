import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { catalog } from '../../src/provider/catalog.ts';
import { cleanEnv, root } from '../support/session.ts';

const demo = path.join(root, 'scripts/demo');
const everyText = catalog.flatMap(({ variables }) =>
  variables.filter(({ kind, optional }) => kind === 'text' && !optional),
);
/** What a developer's shell holds; none of it is the demonstration's business. */
const own = {
  HF_TOKEN: 'hf_mineMineMineMineMineMineMine0123',
  AWS_PROFILE: 'mine',
  DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  SYNSC_DASHBOARD_URL: 'https://127.0.0.1:1',
};

let place = '';
beforeEach(() => {
  place = mkdtempSync(path.join(tmpdir(), 'd-'));
});
afterEach(() => {
  rmSync(place, { recursive: true, force: true });
});

/** What is said about each command, by the words of the command. */
function reports(text: string): (command: string) => string {
  const parts = text.split(/^\$ /m);
  return (command) => parts.find((part) => part.startsWith(command)) ?? 'no report';
}

/** `shown` names the dashboard, whose token must be gone from the kernel's keyring. */
function expectNothingLeft(shown: string): void {
  const url = /https:\/\/localhost:\d+/.exec(shown)?.[0];
  if (url !== undefined) expect(readFileSync('/proc/keys', 'latin1')).not.toContain(url);
  expect(readdirSync(place)).toEqual([]);
  expect(spawnSync('pgrep', ['-f', place], { encoding: 'utf8' }).stdout).toBe('');
}

test('the demonstration shows what each command was given, redacted, and leaves nothing', () => {
  const result = spawnSync(demo, {
    env: cleanEnv({ TMPDIR: place, ...own }),
    input: '',
    encoding: 'utf8',
  });
  expect(result.status, result.stderr).toBe(0);
  const of = reports(result.stdout);
  for (const command of ['printenv HF_TOKEN', 'git status', 'curl -v']) {
    expect(of(command)).toContain(': given nothing\n    withheld everything');
  }
  expect(of('git status')).toContain('| ?? train.py');
  expect(of('curl -v')).toContain('"status":"ok"');
  expect(of('aws sts')).toContain('aws: given AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY\n');
  expect(of('aws sts')).toContain('AWS_SECRET_ACCESS_KEY=[REDACTED]');
  expect(of('python3 train.py')).toContain(
    'given AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, HF_TOKEN, WANDB_API_KEY\n',
  );
  expect(of('python3 train.py')).toMatch(/HF_TOKEN \[REDACTED\][\s\S]*MODAL_TOKEN_SECRET None/);
  expect(of('modal --version')).toContain('modal: given MODAL_TOKEN_ID, MODAL_TOKEN_SECRET\n');
  const line = of('python3 train.py | tail');
  expect(line).toMatch(/python3: given AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, HF_TOKEN, WANDB/);
  expect(line).toContain('git: given nothing');
  expect(line).toContain('aws: given AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY\n');
  const said = result.stdout + result.stderr;
  for (const { example } of everyText) expect(said).not.toContain(example);
  expect(said).not.toContain('mineMine');
  expect(said).not.toContain('\u001b');
  expectNothingLeft(result.stdout);
}, 120_000);

test('an interrupted demonstration leaves nothing', async () => {
  const child = spawn(demo, {
    env: cleanEnv({ TMPDIR: place }),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let shown = '';
  for await (const chunk of child.stdout) {
    shown += String(chunk);
    if (String(chunk).includes('$ aws sts')) break;
  }
  child.kill('SIGTERM');
  expect(await exited).toEqual([143, null]);
  expect(shown).toContain('https://localhost:');
  expectNothingLeft(shown);
}, 120_000);

test('a demonstration whose step fails says so and leaves nothing', () => {
  // so every answer of the dashboard is refused by whoever asks it
  const result = spawnSync(demo, {
    env: cleanEnv({ TMPDIR: place, NODE_OPTIONS: '--max-http-header-size=1' }),
    input: '',
    encoding: 'utf8',
  });
  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(/^demo: /m);
  expectNothingLeft(result.stdout);
}, 120_000);
