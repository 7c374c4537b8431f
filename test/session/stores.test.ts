import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestSession } from '../support/session.ts';

const value = 'hf_EXAMPLEonlyNotARealTokenAbCdEf012345';
let home: string;
let session: TestSession;

function tool(name: string, script: string): void {
  const file = path.join(home, 'bin', name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'stores-'));
  mkdirSync(path.join(home, 'bin'));
  mkdirSync(path.join(home, '.cache/huggingface'), { recursive: true });
  session = new TestSession({
    env: { HF_TOKEN: value, HOME: home, PATH: `${home}/bin:/usr/bin:/bin` },
  });
  await session.call('ping');
});
afterAll(async () => {
  await session.close();
  rmSync(home, { recursive: true, force: true });
});

const told = () => expect.poll(() => session.stderr, { timeout: 5_000 });

test('a tool that saves the token in its own file is told of, by name', async () => {
  const file = path.join(home, '.cache/huggingface/token');
  tool('hf', `printf %s "$HF_TOKEN" >${file}`);
  await session.run({ argv: ['hf', 'download', 'x'] });
  await told().toContain(`hf wrote a credential of this session to ${file}`);
  expect(session.stderr).not.toContain(value);
  expect(readFileSync(file, 'utf8')).toBe(value); // nobody said that it may be changed
});

test('also encoded, from a shell text, in a file that others use too', async () => {
  const file = path.join(home, '.git-credentials');
  writeFileSync(file, 'https://mine:own@example.com\n');
  tool(
    'hf',
    `printf 'https://user:%s@huggingface.co\\n' "$(printf %s "$HF_TOKEN" | base64)" >>${file}`,
  );
  await session.run({ command: 'true; hf download x | cat' });
  await told().toContain(`hf wrote a credential of this session to ${file}`);
});

test('a change without a value, and a value elsewhere, are nobody’s business', async () => {
  const before = session.stderr;
  const file = path.join(home, '.huggingface');
  mkdirSync(file);
  tool('hf', `echo other >${file}/token; echo "$HF_TOKEN" >${home}/mine`);
  await session.run({ argv: ['hf', 'download', 'x'] });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(session.stderr).toBe(before);
  expect(existsSync(path.join(file, 'token'))).toBe(true);
});
