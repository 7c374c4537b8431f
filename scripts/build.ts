/**
 * Builds dist/: the bundled command line and client, their types, and the files they read. What V8 makes of
 * the programs that start often is kept beside them: a third of their start would go to parsing.
 * What starts often is a file of its own; of the rest each command is a chunk that is loaded when it runs.
 * Another directory than dist/ may be given as the argument.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BuildOptions, build, transform } from 'esbuild';
import { execa } from 'execa';
import { writeSettings } from '../src/account/settings.ts';
import { openEmbedded } from '../src/dashboard/store/embedded.ts';
import { migrate } from '../src/dashboard/store/migrate.ts';
import { packTemplate } from '../src/dashboard/store/template.ts';
import { bundlePrograms } from './programs.ts';
import { startStandIn } from './standIn.ts';

const root = path.join(import.meta.dirname, '..');
const dist = path.resolve(process.argv[2] ?? path.join(root, 'dist'));

/** Native and wasm packages find their own files on disk, so they stay packages. */
const external = [
  'koffi',
  '@lydell/node-pty*',
  '@napi-rs/keyring',
  '@electric-sql/pglite',
  'pg-native',
];

/** For CommonJS packages inside an ES module; every chunk needs its own. */
const requireShim =
  "import{createRequire as __synscRequire}from'node:module';const require=__synscRequire(import.meta.url);";

/**
 * Both sh and JavaScript. As sh it takes NODE_EXTRA_CA_CERTS away before node starts, which saves
 * the 50 to 80 ms that Node 20 spends reading it, and hands it on as SYNSC_NXCA for what synsc runs.
 */
const shellStart = [
  '#!/bin/sh',
  `':' //; if [ -n "\${NODE_EXTRA_CA_CERTS+x}" ]; then export SYNSC_NXCA="$NODE_EXTRA_CA_CERTS"; unset NODE_EXTRA_CA_CERTS; fi; exec node "$0" "$@"`,
  '',
].join('\n');

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  external,
  logLevel: 'warning',
};

/** The whole program, a chunk for each command, and the client for other programs. */
async function bundleMain(): Promise<void> {
  await build({
    ...common,
    entryPoints: { main: 'src/cli/main.ts', client: 'protocol/client.ts' },
    outdir: dist,
    outExtension: { '.js': '.mjs' },
    splitting: true,
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    banner: { js: requireShim },
    define: { 'process.env.NODE_ENV': '"production"' },
  });
}

async function writePrograms(): Promise<void> {
  for (const [name, code] of await bundlePrograms(common))
    writeFileSync(path.join(dist, name), code);
  await writeScript('loader', path.join(dist, 'synsc.js'));
  writeFileSync(path.join(dist, 'package.json'), '{"type":"commonjs"}\n');
}

/** A file of scripts/ as a CommonJS program. */
async function writeScript(name: string, file: string): Promise<void> {
  const text = readFileSync(path.join(root, 'scripts', `${name}.ts`), 'utf8');
  const { code } = await transform(text, { loader: 'ts', format: 'cjs', target: 'node20' });
  writeFileSync(file, code);
}

/** Runs that start what starts often; each adds to what the one before it had compiled. */
const trainings = [
  ['launch', '--', 'true'],
  ['launch', '--no-sync', '--', 'true'],
  ['exec', '--no-sync', '--', 'true'],
];

/** Leaves V8's code of the programs beside them. Without it they work as well, and start later. */
async function train(): Promise<void> {
  const place = mkdtempSync(path.join(tmpdir(), 'synsc-training-'));
  const dashboard = await startStandIn(path.join(place, 'tls'));
  const env = {
    PATH: process.env.PATH,
    ...{ HOME: place, XDG_CONFIG_HOME: place, XDG_RUNTIME_DIR: place, SYNSC_TOKEN: 'training' },
    TRAINING: path.join(dist, 'compiled', `${process.version}-${process.arch}`),
  };
  const how = { extendEnv: false, reject: false, timeout: 60_000 };
  const training = path.join(place, 'training.cjs');
  const start = ['-r', training, path.join(dist, 'synsc.js')];
  try {
    writeSettings(env, dashboard.settings);
    await writeScript('training', training);
    for (const words of trainings) {
      await execa(process.execPath, [...start, ...words], { ...how, env });
    }
  } finally {
    dashboard.close();
    rmSync(place, { recursive: true, force: true });
  }
}

/** Puts the shell start before everything else: a source file's own `#!` line gives way to it. */
function makeExecutable(file: string): void {
  const code = readFileSync(file, 'utf8').replace(/^#!.*\n/, '');
  writeFileSync(file, shellStart + code);
  chmodSync(file, 0o755);
}

function copy(from: string, to: string, filter = (_file: string) => true): void {
  const source = path.join(root, from);
  if (!existsSync(source)) throw new Error(`${from} is missing`);
  cpSync(source, path.join(dist, to), { recursive: true, filter });
}

/** The embedded database with its schema, so that a first start neither makes nor migrates one. */
async function writeTemplate(file: string): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), 'synsc-template-'));
  try {
    const engine = await openEmbedded(directory);
    await engine.owner((run) => migrate(run));
    await engine.close();
    writeFileSync(file, await packTemplate(path.join(directory, 'database')));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

rmSync(dist, { recursive: true, force: true });
await bundleMain();
await writePrograms();
makeExecutable(path.join(dist, 'synsc.js'));
await train();
copy('src/dashboard/store/migrations', 'migrations');
copy('src/dashboard/store/privileges.sql', 'privileges.sql');
copy('src/dashboard/web/assets', 'assets', (file) => !file.endsWith('tsconfig.json'));
await writeTemplate(path.join(dist, 'database.template'));
copy('protocol/openrpc.json', 'openrpc.json');
const types = ['-p', 'tsconfig.build.json', '--outDir', path.join(dist, 'types')];
await execa('npx', ['--no-install', 'tsc', ...types], { cwd: root, stdio: 'inherit' });
