import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { mayExecute } from '../../platform/executable.ts';
import { removeTree } from '../../platform/files.ts';
import { allowsExec } from '../../platform/mounts.ts';
import { shimPlace } from '../../platform/runtime-dir.ts';
import { claimToo } from '../../platform/stale.ts';
import {
  bashGuard,
  bashStart,
  byPath,
  perlShim,
  type ShimFacts,
  shellShim,
  stripShim,
} from './script.ts';

const perlPath = '/usr/bin/perl';
const curlPaths = ['/usr/bin/curl', '/bin/curl', '/usr/local/bin/curl'];
const defaultPath = '/usr/local/bin:/usr/bin:/bin';

/** By which program of this machine a shim asks; undefined when there is none. */
export function askingBy(): string | undefined {
  return [perlPath, ...curlPaths].find(mayExecute);
}

/** Which programs have a shim, and what one without an answer takes away. */
export interface ShimNames {
  readonly ask: readonly string[];
  readonly strip: readonly string[];
  readonly unset: readonly string[];
}

/**
 * The directory that stands first in PATH of everything in a session: a name for each tool that exists,
 * all of one program. Only where a place to put them allows programs; `directory` is undefined elsewhere.
 */
export class ShimDirectory {
  readonly directory: string | undefined;
  readonly socketPath: string;
  /** Whether a shim can ask: without it, shims only take credentials away. */
  readonly asks: boolean;
  /** Where all of it lies. */
  readonly root: string;
  /** Program files that run the shim that asks: Perl, or the shell. */
  readonly interpreters: readonly string[];
  readonly #kinds: ReadonlyMap<string, 'ask' | 'strip'>;
  /** Modification times of the places in PATH that were looked through. */
  readonly #covered = new Map<string, number>();
  readonly #linked = new Set<string>();

  constructor(sessionDirectory: string, id: string, names: ShimNames) {
    this.socketPath = path.join(sessionDirectory, 'd');
    this.#kinds = new Map([
      ...names.strip.map((name) => [name, 'strip'] as const),
      ...names.ask.map((name) => [name, 'ask'] as const),
    ]);
    const own = shimPlace(id, process.getuid?.() ?? 0);
    const inSession = allowsExec(sessionDirectory);
    const usable = inSession || allowsExec(own);
    this.root = inSession ? sessionDirectory : own;
    this.interpreters = [perlPath, '/bin/sh'].flatMap((file) =>
      existsSync(file) ? [realpathSync.native(file)] : [],
    );
    const by = askingBy();
    this.asks = usable && by !== undefined;
    if (!usable) return;
    if (this.root === own) {
      mkdirSync(own, { mode: 0o700 });
      claimToo(own, sessionDirectory);
    }
    this.directory = path.join(this.root, 'bin');
    mkdirSync(this.directory, { mode: 0o700 });
    const facts = { unset: names.unset, directory: this.directory, socketPath: this.socketPath };
    this.#write(names, { ...facts, curl: by === perlPath ? undefined : by }, by === perlPath);
  }

  #write({ ask, strip }: ShimNames, facts: ShimFacts, perl: boolean): void {
    const shims = { [this.#file('ask')]: ask, [this.#file('strip')]: strip };
    const guard = { directory: facts.directory, shims };
    const files = {
      ask: perl ? perlShim(facts) : shellShim(facts),
      strip: stripShim(facts),
      guard: bashGuard(guard),
      bashrc: bashStart(guard),
    };
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(this.#file(name), text, { mode: 0o700, flag: 'wx' });
    }
    putAt(this.byPath, this.#file('ask'));
  }

  #file(name: string): string {
    return path.join(this.root, name);
  }

  /** Prefix for a tool that is named by a path. */
  get byPath(): string {
    return path.join(this.root, byPath);
  }

  /** BASH_ENV of what a session starts. */
  get guard(): string | undefined {
    return this.directory && path.join(this.root, 'guard');
  }

  /** Start file (`--rcfile`) of the user's own interactive bash. */
  get startFile(): string | undefined {
    return this.directory && path.join(this.root, 'bashrc');
  }

  /** A search path without the shims: where the real programs are. */
  plain(searchPath: string = defaultPath): string {
    const places = searchPath.split(':').filter((place) => place !== this.directory);
    return places.join(':');
  }

  /** The search path of a command: shims first, one for each tool that can be found. */
  cover(searchPath: string | undefined): string {
    const plain = this.plain(searchPath);
    if (this.directory === undefined) return plain;
    for (const place of plain.split(':')) if (path.isAbsolute(place)) this.#link(place);
    return `${this.directory}:${plain}`;
  }

  #link(place: string): void {
    const found = directoryAt(place);
    if (found === undefined || this.#covered.get(found.identity) === found.changed) return;
    this.#covered.set(found.identity, found.changed);
    for (const name of this.#namesIn(place)) {
      const kind = this.#kinds.get(name);
      if (kind === undefined || this.#linked.has(name)) continue;
      this.#linked.add(name);
      putAt(`${this.directory}/${name}`, this.#file(kind));
    }
  }

  /** What a directory has; one that may not be listed is asked for each name. */
  #namesIn(place: string): Iterable<string> {
    try {
      return readdirSync(place);
    } catch {
      return [...this.#kinds.keys()].filter((name) => existsSync(path.join(place, name)));
    }
  }

  remove(): void {
    removeTree(this.root);
  }
}

/** A file under one more name: as a link of its own each would cost an inode, 30 of them milliseconds on a disk. */
function putAt(place: string, file: string): void {
  try {
    linkSync(file, place);
  } catch {
    symlinkSync(file, place); // this file system has no others
  }
}

/** What tells it from every other directory, by whatever path, and when it was changed last. */
function directoryAt(place: string): { identity: string; changed: number } | undefined {
  try {
    const info = statSync(place);
    if (!info.isDirectory()) return undefined;
    return { identity: `${info.dev} ${info.ino}`, changed: info.mtimeMs };
  } catch {
    return undefined;
  }
}
