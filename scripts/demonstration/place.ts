import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { allNames, catalog } from '../../src/provider/catalog.ts';

const directories = ['config', 'data', 'run', 'bin', 'work'];

/** A tool of a provider would go to the network: this one shows what it was given. */
const stub = `#!/bin/sh
echo "$(basename "$0") (a stub) sees:"
env | grep -E '^(AWS|GOOGLE|HF|LAMBDA|MODAL|WANDB)_' | sort
exit 0
`;

const script = `import os

try:
    import boto3
    import wandb
except ImportError:
    pass  # what counts is that the script uses them

for name in ("HF_TOKEN", "WANDB_API_KEY", "AWS_SECRET_ACCESS_KEY", "MODAL_TOKEN_SECRET"):
    print(name, os.environ.get(name))
`;

/** A temporary directory whose path leaves room for a socket's (103 bytes in all). */
export function makeHome(): string {
  const base = Buffer.byteLength(tmpdir()) <= 60 ? tmpdir() : '/tmp';
  return mkdtempSync(path.join(base, 'sd-'));
}

/** Fills `home` with directories, stub tools and a working directory under git. */
export function furnish(home: string): void {
  for (const name of directories) mkdirSync(path.join(home, name), { mode: 0o700 });
  for (const name of ['aws', 'modal']) {
    writeFileSync(path.join(home, 'bin', name), stub, { mode: 0o755 });
  }
  writeFileSync(path.join(home, 'work', 'train.py'), script);
  spawnSync('git', ['init', '--quiet'], { cwd: path.join(home, 'work'), stdio: 'ignore' });
}

/** The user's environment without any setting of synsc, of a provider or of a database. */
export function environment(home: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !isForeign(name));
  return {
    ...Object.fromEntries(kept),
    PATH: `${path.join(home, 'bin')}:${process.env.PATH ?? ''}`,
    XDG_CONFIG_HOME: path.join(home, 'config'),
    XDG_DATA_HOME: path.join(home, 'data'),
    XDG_RUNTIME_DIR: path.join(home, 'run'),
    TMPDIR: home,
  };
}

const foreign = new Set([
  ...allNames(),
  ...catalog.flatMap(({ companions, endpointVariables }) => [...companions, ...endpointVariables]),
  'DATABASE_URL', // the demonstration shows the embedded database
]);

function isForeign(name: string): boolean {
  return foreign.has(name) || /^(AWS|CLOUDSDK|GIT|HF|LAMBDA|MODAL|SYNSC|WANDB)_/.test(name);
}
