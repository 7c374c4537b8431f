import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Place } from '../policy/facts.ts';
import { realPath, resolveProgram } from './resolve.ts';

const systemDirectories = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin', '/snap/bin'];

/** Where a program stands, as far as it tells whether it is the tool of that name. */
export async function placeOf(
  name: string,
  env: Readonly<Record<string, string>>,
  cwd: string,
): Promise<Place> {
  const searchPath = env.PATH;
  const found = await resolveProgram(name, searchPath, cwd);
  if ('error' in found) return 'missing';
  const directory = path.dirname(found.path);
  if (await isPythonEnvironment(path.dirname(directory))) return 'installed';
  const trusted = [...systemDirectories, ...(searchPath ?? '').split(':')];
  if (!trusted.some((one) => one.startsWith('/') && path.resolve(one) === directory)) {
    return 'workspace';
  }
  const [workspace, home] = await Promise.all([realPath(cwd), realPath(env.HOME ?? '/')]);
  const files = [directory, await realPath(found.path)];
  return files.some((file) => within(file, workspace, home)) ? 'workspace' : 'installed';
}

/** In the home directory or above it, only what lies there directly counts as the workspace. */
function within(file: string, workspace: string, home: string): boolean {
  if (file === workspace || path.dirname(file) === workspace) return true;
  const wide = home === workspace || home.startsWith(workspace.replace(/\/?$/, '/'));
  return !wide && file.startsWith(`${workspace}/`);
}

async function isPythonEnvironment(root: string): Promise<boolean> {
  for (const mark of ['pyvenv.cfg', 'conda-meta']) {
    const present = await stat(path.join(root, mark)).then(
      () => true,
      () => false,
    );
    if (present) return true;
  }
  return false;
}
