import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, SynscError } from '../../errors.ts';
import { removeTree, replaceFile } from '../../platform/files.ts';
import { memoryPlace } from '../../platform/runtime-dir.ts';
import { claimToo, isPrivate } from '../../platform/stale.ts';
import { isTmpfs } from '../../platform/tmpfs.ts';
import type { Credential } from './vault.ts';

/**
 * Files of credentials that commands take as a path (GCP), on tmpfs only, made when first needed.
 * A regular file, because SDKs refuse memfd and pipes (google-auth-library checks `isFile()`).
 */
export class CredentialFiles {
  readonly directory: string;
  readonly #written = new Map<string, Credential>();
  readonly #sessionDirectory: string;
  #made = false;
  #removed = false;

  /** `sessionDirectory` is used when it is on tmpfs, else /dev/shm. */
  constructor(sessionDirectory: string, id: string) {
    this.#sessionDirectory = sessionDirectory;
    this.directory = isTmpfs(sessionDirectory)
      ? join(sessionDirectory, 'files')
      : memoryPlace(id, process.getuid?.() ?? 0);
  }

  /** Path of the file; 0600 in a 0700 directory. Throws UNSUPPORTED where nothing is on tmpfs. */
  pathOf(credential: Credential): string {
    if (credential.path !== undefined) return credential.path;
    const file = join(this.own(), fileName(credential.name));
    if (this.#written.get(credential.name) === credential) return file;
    this.#written.delete(credential.name);
    put(file, credential.secret.expose());
    this.#written.set(credential.name, credential);
    return file;
  }

  /**
   * After a change: a file that commands may have open becomes the new one, or goes with its credential. It
   * goes also where the new one can't be written: the next command that needs it is told why.
   */
  refresh(name: string, credential: Credential | undefined): void {
    const old = this.#written.get(name);
    if (old === undefined) return;
    try {
      if (credential !== undefined && credential.path === undefined) this.pathOf(credential);
      else this.#forget(name);
    } catch {
      this.#forget(name);
    }
  }

  #forget(name: string): void {
    rmSync(join(this.directory, fileName(name)), { force: true });
    this.#written.delete(name);
  }

  /**
   * The directory itself, made when first needed (0700). Throws UNSUPPORTED where nothing is on tmpfs,
   * UNSAFE_DIRECTORY where somebody else has made it, SESSION_ENDING after `remove`.
   */
  own(): string {
    this.#make();
    const safe = isPrivate(this.directory, process.getuid?.() ?? 0);
    if (safe === false) {
      throw new SynscError('UNSAFE_DIRECTORY', `others can change ${this.directory}`);
    }
    if (safe === undefined || !isTmpfs(this.directory)) {
      throw new SynscError(
        'UNSUPPORTED',
        'no tmpfs for a credential file: it may not touch a disk',
      );
    }
    return this.directory;
  }

  #make(): void {
    // a command that was about to start when the session ended would leave it behind
    if (this.#removed) throw new SynscError('SESSION_ENDING', 'the session ends');
    try {
      mkdirSync(this.directory, { mode: 0o700 });
      this.#made = true;
      claimToo(this.directory, this.#sessionDirectory);
    } catch (error) {
      // it is there, or can't be: the caller looks
      if (!['EEXIST', 'ENOENT', 'EACCES', 'EROFS'].includes(codeOf(error))) throw error;
    }
  }

  remove(): void {
    this.#removed = true;
    if (!this.#made) return; // the place may be closed to us
    removeTree(this.directory);
    this.#written.clear();
  }
}

/** Whoever reads it meanwhile finds the old one or the new one; where it can't be written, neither is left. */
function put(file: string, bytes: Buffer): void {
  try {
    replaceFile(file, bytes);
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
}

function fileName(name: string): string {
  return `${name.toLowerCase()}.json`;
}
