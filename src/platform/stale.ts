import {
  copyFileSync,
  lstatSync,
  readdirSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import { readRegular, removeTree } from './files.ts';
import { killMarked } from './mark.ts';
import { startTimeOf } from './peer.ts';

/** File in each directory of a session that says whose it is, a word a line. */
const claimFile = 'pid';
/** Bytes of it at most. */
const claimLimit = 4096;
/** Milliseconds after which a directory without that file is no session that just starts. */
const unclaimedAge = 3_600_000;

/** Says in a directory that it belongs to this process, whose session answers on `socketPath`. */
export function claim(directory: string, socketPath: string, mark: string | undefined): void {
  const lines = [process.pid, startTimeOf(process.pid) ?? 0, socketPath, mark ?? ''];
  writeFileSync(join(directory, claimFile), `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' });
}

/** Says the same of another directory of the session. */
export function claimToo(directory: string, sessionDirectory: string): void {
  copyFileSync(join(sessionDirectory, claimFile), join(directory, claimFile));
}

/** Directories of this user below `parent` with a name of this form, that nobody else can change. */
export function ownDirectories(parent: string, form: RegExp, uid: number): string[] {
  try {
    return readdirSync(parent)
      .filter((name) => form.test(name))
      .map((name) => join(parent, name))
      .filter((directory) => isPrivate(directory, uid));
  } catch {
    return []; // no such place on this machine
  }
}

/** The test of tmux(1) for its socket directory: a directory, mine, no right for anyone else. */
export function isPrivate(path: string, uid: number): boolean | undefined {
  try {
    const stat = lstatSync(path);
    return stat.isDirectory() && stat.uid === uid && (stat.mode & 0o077) === 0;
  } catch {
    return undefined;
  }
}

/**
 * A directory above, as the path is written or as it leads, in which everybody may put another one in this
 * one's place: writable for all, and not sticky as /tmp is.
 */
export function placeOfOthers(directory: string): string | undefined {
  const ways = new Set([directory, realpathSync.native(directory)]);
  return [...ways].flatMap(above).find((place) => {
    const { mode } = statSync(place);
    return (mode & 0o002) !== 0 && (mode & 0o1000) === 0;
  });
}

function above(place: string): string[] {
  const parent = dirname(place);
  return parent === place ? [] : [parent, ...above(parent)];
}

/**
 * Removes those of these directories whose session was killed together with its watchdog, and ends what
 * it left running: its process is gone and nobody listens. Returns them.
 */
export async function removeDead(directories: readonly string[]): Promise<string[]> {
  const removed: string[] = [];
  for (const directory of directories) {
    const owner = ownerOf(directory);
    if (owner.lives || (await answers(owner.socketPath))) continue;
    killMarked(owner.mark);
    if (removedNow(directory)) removed.push(directory);
  }
  return removed;
}

/** False where another session removes it at the same time, or it can't be removed: the next start tries again. */
function removedNow(directory: string): boolean {
  try {
    removeTree(directory);
    return true;
  } catch {
    return false;
  }
}

function ownerOf(directory: string): { lives: boolean; socketPath: string; mark: string } {
  const own = join(directory, 's');
  try {
    const text = readRegular(join(directory, claimFile), claimLimit).toString();
    const [pid = '', start = '', socketPath = own, mark = ''] = text.split('\n');
    return { lives: isRunning(Number(pid), Number(start)), socketPath, mark };
  } catch {
    // it may be gone since it was listed: its session has ended; or it is no file of ours
    const made = lstatSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    return { lives: Date.now() - made < unclaimedAge, socketPath: own, mark: '' };
  }
}

/** Without start times (macOS) a pid is all there is. */
function isRunning(pid: number, start: number): boolean {
  if (start > 0) return startTimeOf(pid) === start;
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
