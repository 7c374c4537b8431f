import { SynscError } from '../errors.ts';

/** Where this process runs; throws NO_SUCH_DIRECTORY when that was removed under it. */
export function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new SynscError('NO_SUCH_DIRECTORY', 'the working directory is gone', {
      cause,
      hint: 'change to a directory that exists: `cd ~`',
    });
  }
}
