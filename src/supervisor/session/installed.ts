import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { PythonUse } from '../policy/python.ts';

/** From this version on, transformers reports to nothing by itself (its `training_args.py`). */
const silentSince = 5;

/**
 * Whether the Trainer of transformers would log to W&B by itself: W&B is installed where this
 * interpreter finds it, and transformers is older than 5 or of unknown version. Looks at directories
 * only; the interpreter is not run.
 */
export async function logsByItself(use: PythonUse, interpreter: string): Promise<boolean> {
  if (!use.imports.some((name) => /^(transformers|trl)(\.|$)/.test(name))) return false;
  const packages = (await Promise.all(sitePackages(interpreter).map(packagesIn))).flat();
  if (!packages.includes('wandb')) return false;
  const version = packages
    .map((name) => /^transformers-(\d+)\..*\.dist-info$/.exec(name)?.[1])
    .find((major) => major !== undefined);
  return version === undefined || Number(version) < silentSince;
}

/** Directories that hold a version of Python each. */
function sitePackages(interpreter: string): string[] {
  const root = path.dirname(path.dirname(interpreter));
  const system = ['/usr', '/usr/local'].includes(root) ? ['/usr', '/usr/local'] : [];
  return [root, ...system].map((place) => path.join(place, 'lib'));
}

async function packagesIn(lib: string): Promise<string[]> {
  const versions = (await listed(lib)).filter((name) => /^python3/.test(name));
  const places = versions.flatMap((version) =>
    ['site-packages', 'dist-packages'].map((kind) => path.join(lib, version, kind)),
  );
  return (await Promise.all(places.map(listed))).flat();
}

async function listed(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}
