/**
 * Builds dist/: the bundled command line and client, their types, and the files they read.
 * Each command of the command line is a chunk of its own, loaded when it runs.
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
import { build } from 'esbuild';
import { execa } from 'execa';
import { openEmbedded } from '../src/dashboard/store/embedded.ts';
import { migrate } from '../src/dashboard/store/migrate.ts';
import { packTemplate } from '../src/dashboard/store/template.ts';

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

async function bundle(): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: { synsc: 'src/cli/main.ts', client: 'protocol/client.ts' },
    outdir: dist,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    external,
    banner: { js: requireShim },
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'warning',
  });
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
await bundle();
makeExecutable(path.join(dist, 'synsc.js'));
copy('src/dashboard/store/migrations', 'migrations');
copy('src/dashboard/store/privileges.sql', 'privileges.sql');
copy('src/dashboard/web/assets', 'assets', (file) => !file.endsWith('tsconfig.json'));
await writeTemplate(path.join(dist, 'database.template'));
copy('protocol/openrpc.json', 'openrpc.json');
const types = ['-p', 'tsconfig.build.json', '--outDir', path.join(dist, 'types')];
await execa('npx', ['--no-install', 'tsc', ...types], { cwd: root, stdio: 'inherit' });
