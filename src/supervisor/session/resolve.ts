import { realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { codeOf, SynscError } from '../../errors.ts';
import { mayExecute } from '../../platform/executable.ts';

/** Where a program is, or why it can't be run (127 and 126 of POSIX shells). */
export type Resolved =
  | { readonly path: string }
  | { readonly error: 'not-found' | 'not-executable' };

/** Path of a program, or COMMAND_NOT_FOUND, NOT_EXECUTABLE; `shown` gives its name, safe to print. */
export function requireProgram(
  name: string,
  searchPath: string | undefined,
  cwd: string,
  shown: () => string,
): string {
  const found = resolveProgram(name, searchPath, cwd);
  if ('path' in found) return found.path;
  throw found.error === 'not-found'
    ? new SynscError('COMMAND_NOT_FOUND', `${shown()}: command not found`)
    : new SynscError('NOT_EXECUTABLE', `${shown()}: not an executable file`);
}

/**
 * Finds a program as `execvp` does: by its path if it holds a slash, else in `searchPath`. At once: a
 * dozen looks take less time than one that is handed to another thread.
 */
export function resolveProgram(
  name: string,
  searchPath: string | undefined,
  cwd: string,
): Resolved {
  const isPath = name.includes('/');
  const directories = isPath ? [''] : (searchPath ?? '').split(':');
  let error: 'not-found' | 'not-executable' = 'not-found';
  for (const directory of name === '' ? [] : directories) {
    const file = path.resolve(cwd, directory, name);
    const state = executable(file);
    if (state === 'executable') return { path: file };
    if (state === 'not-executable' || (state === 'not-reachable' && isPath)) {
      error = 'not-executable';
    }
  }
  return { error };
}

function executable(file: string): 'executable' | 'not-executable' | 'not-reachable' | 'not-found' {
  try {
    // asked of every place in PATH: an exception for each would take longer than the look
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined) return 'not-found';
    if (!found.isFile()) return 'not-executable';
  } catch (error) {
    // shells pass over a place in PATH that may not be entered, and tell of a path
    return codeOf(error) === 'EACCES' ? 'not-reachable' : 'not-found';
  }
  return mayExecute(file) ? 'executable' : 'not-executable';
}

/** The file behind all links; the path itself where that can't be told. */
export function realPath(file: string): string {
  try {
    return realpathSync.native(file);
  } catch {
    return path.resolve(file);
  }
}
