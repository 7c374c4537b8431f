import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  circle,
  closedDoors,
  importsOf,
  packagesLoadedWith,
  type Sources,
  strayPackages,
  strayUses,
} from '../support/architecture.ts';

const shared = [
  'protocol',
  'src/address.ts',
  'src/errors.ts',
  'src/log.ts',
  'src/scope.ts',
  'src/secret.ts',
];

/** Room → what it may import. A file may be a room of its own. */
const doors: Record<string, string[]> = {
  protocol: [],
  'src/errors.ts': ['protocol'],
  'src/log.ts': [],
  'src/address.ts': [],
  'src/scope.ts': [],
  'src/secret.ts': ['protocol'],
  'src/provider': shared,
  'src/platform': shared,
  'src/supervisor/vault': [...shared, 'src/platform', 'src/provider'],
  'src/supervisor/policy': [...shared, 'src/provider'],
  // its patterns are values, kept as such
  'src/supervisor/redaction': [...shared, 'src/platform/pages.ts'],
  'src/supervisor/process': [...shared, 'src/platform'],
  'src/supervisor/authorization': shared,
  'src/supervisor/shim': [...shared, 'src/platform'],
  'src/supervisor/session': [
    ...shared,
    'src/supervisor/shim',
    'src/platform',
    'src/provider',
    'src/supervisor/vault',
    'src/supervisor/policy',
    'src/supervisor/redaction',
    'src/supervisor/process',
    'src/supervisor/authorization',
  ],
  'src/supervisor/rpc': [...shared, 'src/platform', 'src/supervisor/session'],
  // the composition root: it puts the rooms together
  'src/supervisor/start.ts': [
    ...shared,
    'src/platform',
    'src/supervisor/vault',
    'src/supervisor/policy',
    'src/supervisor/process',
    'src/supervisor/authorization',
    'src/supervisor/session',
    'src/supervisor/shim',
    'src/supervisor/rpc',
    'src/provider',
  ],
  'src/account': [...shared, 'src/platform'],
  'src/dashboard/services.ts': [...shared, 'src/provider'],
  'src/dashboard/config.ts': [...shared, 'src/dashboard/store/rootSource.ts'],
  'src/dashboard/open.ts': [...shared, 'src/dashboard/config.ts', 'src/dashboard/store'],
  // what the operator does with a dashboard's data: backups, checks, keys
  'src/dashboard/admin': [
    ...shared,
    'src/dashboard/config.ts',
    'src/dashboard/open.ts',
    'src/dashboard/store',
  ],
  'src/dashboard/tls.ts': shared,
  'src/dashboard/certificateFile.ts': [
    ...shared,
    'src/dashboard/config.ts',
    'src/dashboard/tls.ts',
  ],
  'src/dashboard/certificates.ts': [
    ...shared,
    'src/dashboard/config.ts',
    'src/dashboard/open.ts',
    'src/dashboard/certificateFile.ts',
    'src/dashboard/tls.ts',
    'src/dashboard/store',
  ],
  'src/dashboard/store': [...shared, 'src/platform', 'src/provider', 'src/dashboard/services.ts'],
  'src/dashboard/status.ts': [],
  'src/dashboard/auth': [
    ...shared,
    'src/dashboard/store',
    'src/dashboard/services.ts',
    'src/dashboard/status.ts',
  ],
  'src/dashboard/web': [
    ...shared,
    'src/provider',
    'src/dashboard/services.ts',
    'src/dashboard/status.ts',
  ],
  'src/dashboard/api': [
    ...shared,
    'src/provider',
    'src/dashboard/store',
    'src/dashboard/auth',
    'src/dashboard/services.ts',
    'src/dashboard/status.ts',
  ],
  'src/dashboard': [
    ...shared,
    'src/provider',
    'src/dashboard/services.ts',
    'src/dashboard/config.ts',
    'src/dashboard/tls.ts',
    'src/dashboard/store',
    'src/dashboard/auth',
    'src/dashboard/web',
    'src/dashboard/api',
  ],
  'src/dashboard/main.ts': [
    ...shared,
    'src/dashboard',
    'src/dashboard/admin',
    'src/dashboard/certificates.ts',
    'src/dashboard/open.ts',
    'src/dashboard/services.ts',
    'src/dashboard/config.ts',
    'src/dashboard/tls.ts',
    'src/dashboard/store',
    'src/dashboard/auth',
    'src/dashboard/web',
    'src/dashboard/api',
  ],
  'src/cli': [
    ...shared,
    'src/platform',
    'src/account',
    'src/supervisor/authorization',
    'src/supervisor/policy/rules.ts',
    'src/supervisor/shim',
    'src/supervisor/session',
    'src/supervisor/rpc',
    'src/supervisor/start.ts',
    'src/dashboard/main.ts',
    'src/dashboard/config.ts',
    'src/dashboard/admin',
  ],
};

/** Package → where it may be imported. */
const owners: Record<string, string[]> = {
  koffi: ['src/platform', 'src/supervisor/process'],
  '@lydell/node-pty': ['src/platform', 'src/supervisor/process'],
  '@napi-rs/keyring': ['src/account'],
  'eventsource-parser': ['src/account'],
  pg: ['src/dashboard/store', 'test'],
  '@electric-sql/pglite': ['src/dashboard/store', 'test'],
  fastify: ['src/supervisor/rpc', 'src/dashboard', 'test'],
  '@simplewebauthn/server': ['src/dashboard/auth'],
  preact: ['src/dashboard/web'],
  unbash: ['src/supervisor/policy'],
  commander: ['src/cli'],
  execa: ['src/cli', 'src/account', 'test', 'scripts'],
};

/** The only places that see a credential in plain bytes. */
const plaintext = [
  'src/secret.ts',
  'src/supervisor/redaction/needles.ts',
  'src/supervisor/vault/credential-file.ts',
  'src/supervisor/vault/vault.ts',
  'src/account/access.ts',
  'src/account/dashboard-client.ts',
  'src/account/token-store.ts',
  'src/dashboard/store',
  'src/dashboard/api',
];

const globals = [
  'src/cli',
  'src/dashboard/main.ts',
  'src/dashboard/config.ts',
  'src/dashboard/admin/commands.ts',
];

const root = path.join(import.meta.dirname, '../..');
const sources = readSources(['src', 'protocol']);

function readSources(folders: readonly string[]): Sources {
  const files = folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file))
      .map((file) => `${folder}/${file}`),
  );
  return Object.fromEntries(
    files.map((file) => [file, readFileSync(path.join(root, file), 'utf8')]),
  );
}

describe('the rooms of the source tree', () => {
  test('every import goes through a door', () => expect(closedDoors(sources, doors)).toEqual([]));
  test('the doors form no circle', () => expect(circle(doors)).toBeUndefined());
  test('packages stay where they belong', () => expect(strayPackages(sources, owners)).toEqual([]));
  test('only listed places expose a secret', () =>
    expect(strayUses(sources, /\.expose\(/, plaintext)).toEqual([]));
  test('only the programs read the environment or exit', () =>
    expect(strayUses(sources, /\bprocess\.(env|exit)\b/, globals)).toEqual([]));
});

/** The programs that start often, up to the first message of a client. */
const quick = [
  'src/cli/entry.ts',
  'src/cli/sessions.ts',
  'src/cli/connecting.ts',
  'src/cli/opening.ts',
];

describe('what starts often', () => {
  test.each(quick)('%s loads no package', (file) =>
    expect(packagesLoadedWith(sources, file)).toEqual([]),
  );
  test('a package behind other files is found, one behind `import()` or a type is not', () => {
    const planted = {
      'src/a.ts': "import { b } from './b.ts';\nimport type { X } from 'x';\nawait import('y');",
      'src/b.ts': "export * from './c.ts';",
      'src/c.ts': "import * as z from 'zod/mini';",
    };
    expect(packagesLoadedWith(planted, 'src/a.ts')).toEqual(['zod']);
  });
});

describe('a planted violation is found', () => {
  const imported = 'protocol/a.ts';
  const forms = [
    "import { x } from '../src/cli/b.ts';",
    'import type { X } from "../src/cli/b.ts";',
    "import {\n  x,\n  y,\n} from '../src/cli/b.ts';",
    "export * from '../src/cli/b.ts';",
    "import '../src/cli/b.ts';",
    "const b = await import('../src/cli/b.ts');",
    "type B = import('../src/cli/b.ts').B;",
  ];
  test.each(forms)('%s', (line) =>
    expect(closedDoors({ [imported]: line }, doors)).toEqual(['protocol/a.ts → src/cli/b.ts']),
  );
  test('an import in a comment is none', () =>
    expect(importsOf({ [imported]: `// ${forms[0] ?? ''}\n/* ${forms[1] ?? ''} */` })).toEqual([]));
  test('a file outside every room', () =>
    expect(closedDoors({ 'src/x/a.ts': "import './b.ts';" }, doors)).toEqual([
      'src/x/a.ts: in no room',
    ]));
  test('a circle', () => expect(circle({ a: ['b'], b: ['c'], c: ['b'] })).toEqual(['b', 'c', 'b']));
  test('a package out of place', () =>
    expect(strayPackages({ 'src/cli/a.ts': "import pg from 'pg';" }, owners)).toEqual([
      'src/cli/a.ts → pg',
    ]));
  test('a secret exposed', () =>
    expect(strayUses({ 'src/cli/a.ts': 'secret.expose()' }, /\.expose\(/, plaintext)).toEqual([
      'src/cli/a.ts',
    ]));
});
