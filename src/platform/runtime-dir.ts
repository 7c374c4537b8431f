import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { SynscError } from '../errors.ts';
import { removeTree } from './files.ts';
import { claim, isPrivate, ownDirectories, placeOfOthers, removeDead } from './stale.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface SessionDirectory {
  readonly id: string;
  readonly directory: string;
  readonly socketPath: string;
}

/** sockaddr_un.sun_path less its NUL on macOS, the smallest of the supported systems. */
const socketPathLimit = 103;
const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
const idPattern = /^[a-z0-9]{10}$/;

/**
 * A directory of this session alone (0700) that names this process; `mark`: what all that it starts
 * carries. Throws UNSAFE_DIRECTORY when its parent could be changed by others, SOCKET_PATH_TOO_LONG.
 */
export function createSessionDirectory(
  env: Environment,
  uid: number,
  mark?: string,
): SessionDirectory {
  const id = Array.from({ length: 10 }, () => alphabet[randomInt(alphabet.length)]).join('');
  const directory = join(ownRuntimeDirectory(env, uid), id);
  const socketPath = join(directory, 's');
  const length = Buffer.byteLength(socketPath);
  if (length > socketPathLimit) {
    throw new SynscError(
      'SOCKET_PATH_TOO_LONG',
      `the session's socket path would have ${length} bytes`,
    );
  }
  mkdirSync(directory, { mode: 0o700 });
  try {
    claim(directory, socketPath, mark);
  } catch (error) {
    removeSessionDirectory({ directory }); // the disk is full
    throw error;
  }
  return { id, directory, socketPath };
}

export function removeSessionDirectory({ directory }: Pick<SessionDirectory, 'directory'>): void {
  removeTree(directory);
}

/** Paths of the sockets of this user's sessions, dead ones included. */
export function sessionSockets(env: Environment, uid: number): string[] {
  return sessionDirectories(env, uid)
    .map((directory) => join(directory, 's'))
    .filter((path) => existsSync(path));
}

/** Where the shims of a session stand when its own directory allows no programs. */
export function shimPlace(id: string, uid: number): string {
  return join(tmpdir(), `synsc-shims-${uid}-${id}`);
}

/** Where the files of a session lie that may not touch a disk, when its own directory is on one. */
export function memoryPlace(id: string, uid: number): string {
  return join('/dev/shm', `synsc-${uid}-${id}`);
}

/** Removes what killed sessions of this user left anywhere. Returns it. */
export function removeStale(env: Environment, uid: number): Promise<string[]> {
  const shims = new RegExp(`^synsc-shims-${uid}-[a-z0-9]{10}$`);
  const memory = new RegExp(`^synsc-${uid}-[a-z0-9]{10}$`);
  return removeDead([
    ...sessionDirectories(env, uid),
    ...ownDirectories(tmpdir(), shims, uid),
    ...ownDirectories('/dev/shm', memory, uid),
  ]);
}

/** `$XDG_RUNTIME_DIR/synsc` (XDG Base Directory: absolute, else ignored), then the temporary directory. */
function candidates(env: Environment, uid: number): string[] {
  const runtime = env.XDG_RUNTIME_DIR;
  const own = runtime === undefined ? [] : [join(runtime, 'synsc')];
  return [...own, join(env.TMPDIR || tmpdir(), `synsc-${uid}`)].filter(isUsable);
}

/** It stands in PATH, where a colon ends a place, and in files of lines. */
function isUsable(place: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  return isAbsolute(place) && !/[:\u0000-\u001f]/.test(place);
}

/** Where this user's sessions have their directories: nobody else can enter it. UNSAFE_DIRECTORY. */
export function ownRuntimeDirectory(env: Environment, uid: number): string {
  let failure: unknown;
  for (const parent of candidates(env, uid)) {
    try {
      mkdirSync(parent, { mode: 0o700 });
    } catch (error) {
      failure = error;
    }
    const safe = isPrivate(parent, uid);
    if (safe === undefined) continue; // the place above does not exist or is not mine
    const changeable = safe ? placeOfOthers(parent) : parent;
    if (changeable === undefined) return parent;
    throw new SynscError('UNSAFE_DIRECTORY', `others can change ${changeable}`, {
      hint: 'make it yours alone (`chmod 700 DIR`), or set XDG_RUNTIME_DIR to a directory that is',
    });
  }
  throw new SynscError('UNSAFE_DIRECTORY', 'there is no place for the session directory', {
    cause: failure,
    hint: 'set XDG_RUNTIME_DIR to a directory of yours',
  });
}

function sessionDirectories(env: Environment, uid: number): string[] {
  return candidates(env, uid)
    .filter((parent) => isPrivate(parent, uid))
    .flatMap((parent) => ownDirectories(parent, idPattern, uid));
}
