/**
 * The programs that start often, bundled to the files that `scripts/loader.ts` loads: clients of a session, and
 * sessions.
 */
import path from 'node:path';
import { type BuildOptions, build, type Plugin, transform } from 'esbuild';

/** For `import.meta.url` inside CommonJS. */
const placeShim = "const __synscPlace=require('node:url').pathToFileURL(__filename).href;";

/**
 * Their files, by name. As CommonJS, because the loader of ES modules takes 7 ms and a millisecond more for
 * each file.
 */
export async function bundlePrograms(common: BuildOptions): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    ...common,
    entryPoints: { entry: 'src/cli/entry.ts' },
    outdir: 'dist',
    splitting: true,
    format: 'esm',
    define: { 'import.meta.url': '__synscPlace' },
    plugins: [wholeProgramApart, ownRequire],
    write: false,
  });
  const chunks = new Map<string, string>();
  for (const { path: file, text } of outputFiles) {
    chunks.set(path.basename(file), await commonJs(text));
  }
  return new Map(joined(chunks).map(([name, code]) => [name, loadable(code)]));
}

const wholeProgramApart: Plugin = {
  name: 'whole program apart',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/main\.ts$/ }, () => ({ path: './main.mjs', external: true }));
  },
};

/** What `createRequire` makes for a file of dist/ is there already: `node:module` is loaded for others only. */
const ownRequire: Plugin = {
  name: 'own require',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:module$/ }, ({ kind }) =>
      kind === 'import-statement' ? { path: 'require', namespace: 'own' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'own' }, () => ({
      contents: `export const createRequire = (from) =>
        from === import.meta.url ? require : require('node:module').createRequire(from);`,
    }));
  },
};

/** Of a chunk; its fellows are one now too, so they are loaded where they were imported. */
async function commonJs(chunk: string): Promise<string> {
  const { code } = await transform(chunk, {
    ...{ format: 'cjs', platform: 'node', target: 'node20' },
    ...{ minifySyntax: true, minifyWhitespace: true },
  });
  const body = code
    .replace(/\bimport\("\.\/([^"]+\.js)"\)/g, 'Promise.resolve().then(()=>__synscLoad("$1"))')
    .replace(/\bimport\(("[^"]+")\)/g, '__synscLoad.outside($1)')
    .replace(/\brequire\("\.\/([^"]+\.js)"\)/g, '__synscLoad("$1")');
  return body.includes('__synscPlace') ? placeShim + body : body;
}

/** Characters of a chunk that costs more to open than to read. */
const small = 20_000;

/** Of its code in CommonJS: a chunk that another one needs at once. */
const needed = /(?<!\(\)=>)\b__synscLoad\("(chunk-\w+\.js)"\)/g;

/**
 * The same chunks, but the small ones that others share in two files, which make each when it is asked for:
 * one of what clients of a session need, and one of the rest.
 */
function joined(chunks: ReadonlyMap<string, string>): [name: string, code: string][] {
  const first = neededBy('entry.js', chunks);
  const placeOf = (name: string) => {
    const isPart = /^chunk-/.test(name) && (chunks.get(name) ?? '').length < small;
    if (!isPart) return undefined;
    return first.has(name) ? 'parts.js' : 'sessionParts.js';
  };
  const asking = (code: string) =>
    code.replace(/\b__synscLoad\("(chunk-\w+\.js)"\)/g, (call, name: string) => {
      const place = placeOf(name);
      return place === undefined ? call : `__synscLoad("${place}")("${name}")`;
    });
  const bodies = new Map<string, string[]>();
  const whole: [name: string, code: string][] = [];
  for (const [name, code] of chunks) {
    const place = placeOf(name);
    if (place === undefined) whole.push([name, asking(code)]);
    else bodies.set(place, [...(bodies.get(place) ?? []), `"${name}"(module){${asking(code)}}`]);
  }
  return [...whole, ...[...bodies].map(([name, made]): [string, string] => [name, makers(made)])];
}

/** A file that makes each of its parts at the first call with its name. */
function makers(bodies: readonly string[]): string {
  return `const made={},parts={${bodies.join(',\n')}};module.exports=(name)=>{if(!made[name])parts[name](made[name]={exports:{}});return made[name].exports};`;
}

/** All chunks that are made before a chunk runs. */
function neededBy(name: string, chunks: ReadonlyMap<string, string>): Set<string> {
  const found = new Set<string>();
  const pending = [name];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    for (const [, other = ''] of (chunks.get(next) ?? '').matchAll(needed)) pending.push(other);
  }
  return found;
}

/** As `scripts/loader.ts` runs it. */
function loadable(code: string): string {
  return `(function(exports,require,module,__filename,__dirname,__synscLoad){${code}\n})`;
}
