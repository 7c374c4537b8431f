import { randomInt } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { SynscError } from '../errors.ts';
import { startTimeOf } from './peer.ts';

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
 * A directory of this session alone (0700), with a `pid` file that names this process.
 * Throws UNSAFE_DIRECTORY when its parent could be changed by others, SOCKET_PATH_TOO_LONG.
 */
export function createSessionDirectory(env: Environment, uid: number): SessionDirectory {
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
  writeFileSync(join(directory, 'pid'), `${process.pid} ${startTimeOf(process.pid) ?? 0}\n`, {
    mode: 0o600,
    flag: 'wx',
  });
  return { id, directory, socketPath };
}

export function removeSessionDirectory({ directory }: Pick<SessionDirectory, 'directory'>): void {
  rmSync(directory, { recursive: true, force: true });
}

/** Paths of the sockets of this user's sessions, dead ones included. */
export function sessionSockets(env: Environment, uid: number): string[] {
  return sessionDirectories(env, uid)
    .map((directory) => join(directory, 's'))
    .filter((path) => existsSync(path));
}

/** Removes what killed sessions left behind: their process is gone and nobody listens. Returns it. */
export async function removeStale(env: Environment, uid: number): Promise<string[]> {
  const removed: string[] = [];
  for (const directory of sessionDirectories(env, uid)) {
    if (ownerLives(directory) || (await answers(join(directory, 's')))) continue;
    removeSessionDirectory({ directory });
    removed.push(directory);
  }
  return removed;
}

/** `$XDG_RUNTIME_DIR/synsc` (XDG Base Directory: absolute, else ignored), then the temporary directory. */
function candidates(env: Environment, uid: number): string[] {
  const runtime = env.XDG_RUNTIME_DIR;
  const temporary = join(env.TMPDIR || tmpdir(), `synsc-${uid}`);
  return runtime !== undefined && isAbsolute(runtime)
    ? [join(runtime, 'synsc'), temporary]
    : [temporary];
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
    const safe = isSafe(parent, uid);
    if (safe === undefined) continue; // the place above does not exist or is not mine
    if (safe) return parent;
    throw new SynscError('UNSAFE_DIRECTORY', `others can change ${parent}`);
  }
  throw new SynscError('UNSAFE_DIRECTORY', 'there is no place for the session directory', {
    cause: failure,
    hint: 'set XDG_RUNTIME_DIR to a directory of yours',
  });
}

/** The test of tmux(1) for its socket directory: a directory, mine, no right for anyone else. */
function isSafe(path: string, uid: number): boolean | undefined {
  try {
    const stat = lstatSync(path);
    return stat.isDirectory() && stat.uid === uid && (stat.mode & 0o077) === 0;
  } catch {
    return undefined;
  }
}

function sessionDirectories(env: Environment, uid: number): string[] {
  return candidates(env, uid)
    .filter((parent) => isSafe(parent, uid))
    .flatMap((parent) =>
      readdirSync(parent)
        .filter((name) => idPattern.test(name))
        .map((name) => join(parent, name)),
    )
    .filter((directory) => isSafe(directory, uid));
}

/** True also when there is no readable `pid` file: the session may just be starting. */
function ownerLives(directory: string): boolean {
  try {
    const [pid, startTime] = readFileSync(join(directory, 'pid'), 'utf8').split(' ').map(Number);
    if (!pid) return true;
    return startTime ? startTimeOf(pid) === startTime : isRunning(pid);
  } catch {
    return true;
  }
}

/** Without start times (macOS) a pid is all there is. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
