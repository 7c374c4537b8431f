/**
 * What dist/synsc.js is: it loads the files of a program, with the code that `scripts/build.ts` had V8
 * make of them. Where that was another V8 they are compiled as ever.
 */
import { existsSync, readFileSync } from 'node:fs';
import { Script } from 'node:vm';

interface Module {
  exports: unknown;
}
/** A file of a program, as the build wraps it. */
type Body = (
  exports: unknown,
  require: NodeJS.Require,
  module: Module,
  filename: string,
  directory: string,
  loader: typeof load,
) => void;

const compiled = `${__dirname}/compiled/${process.version}-${process.arch}`;
const modules = new Map<string, Module>();

function load(name: string): unknown {
  const known = modules.get(name);
  if (known !== undefined) return known.exports;
  const module: Module = { exports: {} };
  modules.set(name, module);
  const filename = `${__dirname}/${name}`;
  const cachedData = compiledCode(`${compiled}/${name}`);
  const options = { filename, ...(cachedData && { cachedData }) };
  const body = new Script(readFileSync(filename, 'utf8'), options).runInThisContext() as Body;
  body(module.exports, require, module, filename, __dirname, load);
  return module.exports;
}

function compiledCode(file: string): Buffer | undefined {
  return existsSync(file) ? readFileSync(file) : undefined;
}

/** `import()` for those files: a script that was compiled before has none. */
load.outside = (specifier: string): Promise<unknown> => import(specifier);

load('entry.js');
