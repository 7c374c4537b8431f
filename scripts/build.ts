/**
 * Builds dist/: the bundled command line and client, their types, and the files they read.
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
import { type BuildOptions, build, type Plugin } from 'esbuild';
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
/** For `import.meta.url` inside CommonJS. */
const placeShim = "const __synscPlace=require('node:url').pathToFileURL(__filename).href;";

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

/**
 * A program that starts often: one file, as CommonJS. Each file of an ES module and its loader would take
 * a millisecond and more. `apart`: modules that it loads from files of their own when it needs them.
 */
async function bundleProgram(
  source: string,
  file: string,
  apart: Readonly<Record<string, string>>,
): Promise<void> {
  await build({
    ...common,
    entryPoints: [source],
    outfile: path.join(dist, file),
    format: 'cjs',
    banner: { js: placeShim },
    define: { 'import.meta.url': '__synscPlace' },
    plugins: [loadedFrom(apart)],
  });
}

/** By `require`, which needs no loader of ES modules; what is one itself is left as it is imported. */
function loadedFrom(apart: Readonly<Record<string, string>>): Plugin {
  const namespace = 'apart';
  return {
    name: namespace,
    setup(within) {
      within.onResolve({ filter: /./ }, ({ path: name, namespace: from }) => {
        if (from === namespace) return { path: name, external: true };
        const file = apart[name];
        if (file?.endsWith('.mjs')) return { path: file, external: true };
        return file === undefined ? undefined : { path: file, namespace };
      });
      within.onLoad({ filter: /./, namespace }, ({ path: file }) => ({
        contents: `module.exports = require(${JSON.stringify(file)});`,
      }));
    },
  };
}

/** Packages of a session that most sessions never need, and that are large. */
const packages = ['fastify', 'pino', 'unbash'];
const fileOf = (name: string) => `./packages/${name}.js`;

async function bundlePackage(name: string): Promise<void> {
  const contents = `module.exports = require(${JSON.stringify(name)});`;
  const outfile = path.join(dist, fileOf(name));
  await build({ ...common, stdin: { contents, resolveDir: root }, outfile, format: 'cjs' });
}

async function bundle(): Promise<void> {
  await bundleMain();
  await bundleProgram('src/cli/entry.ts', 'synsc.js', {
    './main.ts': './main.mjs',
    './sessions.ts': './sessions.js',
  });
  const apart = Object.fromEntries(packages.map((name) => [name, fileOf(name)]));
  await bundleProgram('src/cli/sessions.ts', 'sessions.js', apart);
  for (const name of packages) await bundlePackage(name);
  writeFileSync(path.join(dist, 'package.json'), '{"type":"commonjs"}\n');
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
