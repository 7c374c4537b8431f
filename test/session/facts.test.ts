import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Facts } from '../../src/supervisor/policy/facts.ts';
import { gatherFacts } from '../../src/supervisor/session/facts.ts';
import { resolveProgram } from '../../src/supervisor/session/resolve.ts';

let root = '';
let work = '';

async function put(file: string, text: string, mode = 0o644): Promise<void> {
  const target = path.join(root, file);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, text);
  await chmod(target, mode);
}

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'facts-'));
  work = path.join(root, 'work');
  await put('tools/aws', '#!/bin/sh\n', 0o755);
  await put('tools/python', '#!/bin/sh\n', 0o755);
  await put('work/bin/aws', '#!/bin/sh\n', 0o755);
  await put('work/.venv/pyvenv.cfg', '');
  await put('work/.venv/bin/aws', '#!/bin/sh\n', 0o755);
  await put('work/plain', 'x');
  await put('work/train.py', 'from lib.store import save\nfrom src_only import x\n');
  await put('work/lib/__init__.py', '');
  await put('work/lib/store.py', 'from . import deep\n');
  await put('work/lib/deep.py', 'import boto3\n');
  await put('work/src/src_only.py', 'import wandb\n');
  await put('work/pkg/run.py', 'import modal\n');
  await put('work/loop.py', 'import loop\n');
  await symlink('/dev/zero', path.join(root, 'work/zero.py'));
});
afterAll(() => rm(root, { recursive: true }));

const facts = (command: string, PATH = path.join(root, 'tools')): Promise<Facts> =>
  gatherFacts({
    command,
    cwd: work,
    workspace: work,
    trustedPath: PATH,
    env: { PATH, HOME: '/nonexistent' },
  });

test('a tool counts by where it lies', async () => {
  const place = async (command: string, PATH?: string) =>
    (await facts(command, PATH)).programs[0]?.place;
  expect(await place('aws s3 ls')).toBe('installed');
  expect(await place('./bin/aws s3 ls')).toBe('workspace');
  expect(await place('aws s3 ls', path.join(work, 'bin'))).toBe('workspace');
  expect(await place('aws s3 ls', 'bin')).toBe('workspace');
  expect(await place('.venv/bin/aws s3 ls')).toBe('installed');
  expect(await place('aws s3 ls', path.join(work, '.venv/bin'))).toBe('installed');
  expect(await place('nothing')).toBe('missing');
});

test('local imports are followed, installed ones are named', async () => {
  const use = (await facts('python train.py')).programs[0]?.use;
  expect(use?.imports).toEqual(expect.arrayContaining(['boto3', 'wandb', 'lib.store']));
});

test('a local module is read, a missing or endless file is not', async () => {
  expect((await facts('python -m pkg.run')).programs[0]?.use?.imports).toEqual(['modal']);
  expect((await facts('python -m json.tool')).programs[0]?.use).toBeUndefined();
  expect((await facts('python none.py')).programs[0]?.use).toBeUndefined();
  expect((await facts('python zero.py')).programs[0]?.use).toBeUndefined();
  expect((await facts('python loop.py')).programs[0]?.use?.imports).toEqual(['loop']);
  expect((await facts('python < pkg/run.py')).programs[0]?.use?.imports).toEqual(['modal']);
});

test('odd requests give facts too', async () => {
  expect((await facts('aws "')).shape).toBe('opaque');
  expect((await facts('a | b')).programs).toHaveLength(2);
  const empty = await gatherFacts({
    argv: [],
    cwd: '/nonexistent',
    workspace: '/nonexistent',
    trustedPath: '',
    env: {},
  });
  expect(empty.shape).toBe('opaque');
  const odd = await gatherFacts({
    argv: ['python', 'a\0b.py'],
    cwd: '/nonexistent',
    workspace: '/nonexistent',
    trustedPath: '',
    env: {},
  });
  expect(odd.programs[0]?.use).toBeUndefined();
});

test('a program that cannot be run says why', () => {
  expect(resolveProgram('aws', path.join(root, 'tools'), work)).toEqual({
    path: path.join(root, 'tools/aws'),
  });
  expect(resolveProgram('none', '/bin', work)).toEqual({ error: 'not-found' });
  expect(resolveProgram('./plain', '/bin', work)).toEqual({ error: 'not-executable' });
});
