import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { catalog } from '../../src/provider/catalog.ts';
import { cleanEnv, root } from '../support/session.ts';

test('the demonstration shows what each command was given, redacted, and leaves nothing', () => {
  const place = mkdtempSync(path.join(tmpdir(), 'd-'));
  const result = spawnSync(path.join(root, 'scripts/demo'), {
    env: cleanEnv({ TMPDIR: place, HF_TOKEN: 'hf_mineMineMineMineMineMineMine0123' }),
    input: '',
    encoding: 'utf8',
  });
  expect(result.status, result.stderr).toBe(0);
  expect(result.stdout).toContain('aws: given AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY');
  expect(result.stdout).toContain('modal: given MODAL_TOKEN_ID, MODAL_TOKEN_SECRET');
  expect(result.stdout).toContain('python3: given HF_TOKEN, WANDB_API_KEY');
  expect(result.stdout).toMatch(/git: given nothing[\s\S]*curl: given nothing/);
  expect(result.stdout).toContain('HF_TOKEN [REDACTED]');
  for (const { variables } of catalog) {
    for (const { kind, example } of variables) {
      if (kind === 'text') expect(result.stdout).not.toContain(example);
    }
  }
  expect(result.stdout).not.toContain('mineMine');
  expect(readdirSync(place).filter((name) => name.startsWith('sd-'))).toEqual([]);
  const left = spawnSync('pgrep', ['-f', place], { encoding: 'utf8' }).stdout;
  expect(left).toBe('');
  rmSync(place, { recursive: true, force: true });
}, 120_000);
