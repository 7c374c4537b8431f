import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cleanEnv, root } from '../support/session.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'synsc-package-'));
const prefix = path.join(directory, 'prefix');
const synsc = path.join(prefix, 'bin/synsc');
const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];

/** Packs a copy, so that the checkout's own dist/ stays as it is, and installs it elsewhere. */
beforeAll(async () => {
  const copy = path.join(directory, 'copy');
  mkdirSync(copy);
  for (const file of ['package.json', 'README.md', 'SECURITY.md', 'CHANGELOG.md', 'LICENSE']) {
    cpSync(path.join(root, file), path.join(copy, file));
  }
  const build = ['--no-install', 'tsx', 'scripts/build.ts', path.join(copy, 'dist')];
  await execa('npx', build, { cwd: root });
  await execa('npm', ['pack', '--ignore-scripts', '--pack-destination', directory], { cwd: copy });
  const archive = readdirSync(directory).find((name) => name.endsWith('.tgz')) ?? '';
  const install = ['install', '--global', '--prefix', prefix, ...quiet];
  await execa('npm', [...install, path.join(directory, archive)], { cwd: directory });
}, 300_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('the installed command starts', async () => {
  const { stdout } = await execa(synsc, ['--version'], { env: cleanEnv(), extendEnv: false });
  expect(stdout).toBe('0.1.0');
});

/** Prints which files of a directory hold code that this Node would not use. */
const looking = `
const { readdirSync, readFileSync } = require('node:fs');
const { Script } = require('node:vm');
const [dist, compiled] = process.argv.slice(1);
const names = readdirSync(compiled);
const isRejected = (name) => new Script(readFileSync(dist + '/' + name, 'utf8'), {
  cachedData: readFileSync(compiled + '/' + name),
}).cachedDataRejected;
console.log(JSON.stringify([names.includes('entry.js'), names.filter(isRejected)]));`;

test('the installed command starts with code that this Node has made before', async () => {
  const dist = path.join(prefix, 'lib/node_modules/synsc/dist');
  const compiled = path.join(dist, 'compiled', `${process.version}-${process.arch}`);
  const { stdout } = await execa(process.execPath, ['-e', looking, dist, compiled]);
  expect(JSON.parse(stdout)).toEqual([true, []]);
});

test('the installed command works under another Node, whose code was not made before', async () => {
  const compiled = path.join(prefix, 'lib/node_modules/synsc/dist/compiled');
  renameSync(compiled, `${compiled}-away`);
  try {
    const { stdout } = await execa(synsc, ['exec', '--no-sync', '--', 'echo', 'ran'], {
      env: cleanEnv({ XDG_RUNTIME_DIR: directory }),
      extendEnv: false,
    });
    expect(stdout).toBe('ran');
  } finally {
    renameSync(`${compiled}-away`, compiled);
  }
});

test('the installed command hands the extra certificates on to what it runs', async () => {
  const certificates = path.join(directory, 'extra.pem');
  writeFileSync(certificates, '');
  const script = 'printenv NODE_EXTRA_CA_CERTS; printenv SYNSC_NXCA || echo unset';
  const { stdout } = await execa(synsc, ['launch', '--no-sync', '--', 'sh', '-c', script], {
    env: cleanEnv({ NODE_EXTRA_CA_CERTS: certificates, XDG_RUNTIME_DIR: directory }),
    extendEnv: false,
  });
  expect(stdout).toBe(`${certificates}\nunset`);
});

test('the installed dashboard serves its pages with their style', async () => {
  const data = path.join(directory, 'data');
  const dashboard = spawn(synsc, ['dashboard', '--port', '0', '--json', '--data', data], {
    env: cleanEnv(),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise((resolve) => dashboard.once('exit', resolve));
  try {
    const line = await new Promise<string>((resolve, reject) => {
      dashboard.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString()));
      dashboard.once('exit', (code) => reject(new Error(`the dashboard exited with ${code}`)));
    });
    const { url, pid } = JSON.parse(line) as { url: string; pid: number };
    expect(pid).toBe(dashboard.pid);
    const curl = async (page: string) => {
      const { stdout } = await execa('curl', ['-sS', '-k', '--fail', `${url}${page}`]);
      return stdout;
    };
    expect(await curl('/sign-in')).toContain('href="/assets/style.css"');
    expect(await curl('/assets/style.css')).toMatch(/^[^<]*\{/);
  } finally {
    dashboard.kill();
  }
  expect(await ended).toBe(0);
}, 30_000);

test('a project can import the client, with its types', async () => {
  const project = path.join(directory, 'project');
  mkdirSync(project);
  const installed = path.join(prefix, 'lib/node_modules/synsc');
  const modules = path.join(project, 'node_modules');
  mkdirSync(modules);
  cpSync(installed, path.join(modules, 'synsc'), {
    recursive: true,
    filter: (from) => from !== path.join(installed, 'node_modules'),
  });
  const run = ['--input-type=module', '-e', "console.log(await import('synsc/client'))"];
  const { stdout } = await execa(process.execPath, run, { cwd: project });
  expect(stdout).toContain('connect: [AsyncFunction: connect]');
  const types = path.join(modules, 'synsc/dist/types/protocol');
  expect(readdirSync(types)).toContain('client.d.ts');
});
