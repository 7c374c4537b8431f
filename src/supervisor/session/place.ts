import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Place } from '../policy/facts.ts';
import type { Surroundings } from './facts.ts';
import { realPath, resolveProgram } from './resolve.ts';

const systemDirectories = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin', '/snap/bin'];

/** Where installers of tools put them in a home directory, and login profiles find them. */
const toolDirectories = ['.local/bin', 'bin', '.cargo/bin', '.pyenv/shims', 'google-cloud-sdk/bin'];

/** Where a program stands, as far as it tells whether it is the tool of that name, and its file. */
export function placeOf(
  name: string,
  { env, cwd, workspace, trustedPath }: Surroundings,
): { kind: Place; file: string } {
  const found = resolveProgram(name, env.PATH, cwd);
  if ('error' in found) return { kind: 'missing', file: '' };
  const { path: file } = found;
  const directory = path.dirname(file);
  if (isPythonEnvironment(path.dirname(directory))) return { kind: 'installed', file };
  const own = toolDirectories.map((one) => path.join(env.HOME ?? '/', one));
  const trusted = [...systemDirectories, ...own, ...trustedPath.split(':')];
  if (!trusted.some((one) => one.startsWith('/') && path.resolve(one) === directory)) {
    return { kind: 'workspace', file };
  }
  const [home, ...roots] = [env.HOME ?? '/', cwd, workspace].map(realPath);
  const files = [directory, realPath(file)];
  const inside = files.some((one) => roots.some((root) => within(one, root, home ?? '/')));
  return { kind: inside ? 'workspace' : 'installed', file };
}

/** In the home directory or above it, only what lies there directly counts as the workspace. */
function within(file: string, workspace: string, home: string): boolean {
  if (file === workspace || path.dirname(file) === workspace) return true;
  const wide = home === workspace || home.startsWith(workspace.replace(/\/?$/, '/'));
  return !wide && file.startsWith(`${workspace}/`);
}

function isPythonEnvironment(root: string): boolean {
  return ['pyvenv.cfg', 'conda-meta'].some((mark) => existsSync(path.join(root, mark)));
}
