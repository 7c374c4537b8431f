import type { ErrorCode } from '../../../protocol/errors.ts';
import { SynscError } from '../../errors.ts';
import type { CredentialFiles } from '../vault/credential-file.ts';
import { fetchCredentials, type SyncSource } from '../vault/sync.ts';
import type { Vault } from '../vault/vault.ts';
import type { Audit } from './audit.ts';
import type { Redactors } from './redactors.ts';

interface SyncParts {
  /** Absent in a session that asks no dashboard. */
  readonly source: SyncSource | undefined;
  readonly vault: Vault;
  readonly files: CredentialFiles;
  readonly redactors: Redactors;
  readonly audit: Audit;
}

export interface SyncState {
  /** When the values came, ISO 8601; null: never. */
  readonly at: string | null;
  /** Why the last try failed, where it did: the session keeps what it has. */
  readonly error?: ErrorCode;
}

/** Brings the dashboard's values into a running session, one call at a time. */
export class Synchroniser {
  readonly #parts: SyncParts;
  #running: Promise<string[]> | undefined;
  #next: Promise<string[]> | undefined;
  #state: SyncState = { at: null };
  #version: number | undefined;
  #revoked = false;

  constructor(parts: SyncParts) {
    this.#parts = parts;
  }

  /** Of the credentials that the session holds. */
  get version(): number | undefined {
    return this.#version;
  }

  get state(): SyncState {
    return this.#state;
  }

  /**
   * Fetches the latest and takes it all at once; answers the names that changed. Whoever asks while a
   * call runs gets what is latest after that one: an older answer never replaces a newer. On failure
   * the session keeps what it has. Throws NOT_SIGNED_IN, SYNC_FAILED, DASHBOARD_UNREACHABLE.
   */
  synchronise(): Promise<string[]> {
    if (this.#running === undefined) return this.#start();
    this.#next ??= this.#running.then(
      () => this.#start(),
      () => this.#start(),
    );
    return this.#next;
  }

  #start(): Promise<string[]> {
    this.#next = undefined;
    const run = this.#run().finally(() => {
      this.#running = undefined;
    });
    this.#running = run;
    return run;
  }

  async #run(): Promise<string[]> {
    const { source, audit } = this.#parts;
    if (source === undefined) {
      throw new SynscError('NOT_SIGNED_IN', 'this session was launched with --no-sync', {
        hint: 'start a new session without it',
      });
    }
    if (this.#revoked) throw revoked();
    try {
      const fetched = await fetchCredentials(source, this.#version);
      const changed = fetched === undefined ? [] : this.#take(fetched.credentials);
      this.#version = fetched === undefined ? this.#version : fetched.version;
      this.#state = { at: new Date().toISOString() };
      audit.note({ event: 'sync', names: changed, outcome: 'synced' });
      return changed;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** No await in here: no command starts between the new values, their redaction and their files. */
  #take(latest: Parameters<Vault['replace']>[0]): string[] {
    const { vault, files, redactors } = this.#parts;
    const changed = vault.replace(latest);
    if (changed.length === 0) return changed;
    redactors.rebuild();
    for (const name of changed) files.refresh(name, vault.get(name));
    return changed;
  }

  #failed(error: unknown): unknown {
    if (!(error instanceof SynscError)) return error;
    const { code } = error;
    this.#parts.audit.note({ event: 'sync', outcome: code });
    const { at } = this.#state;
    this.#state = { at, error: code };
    if (at === null) return error;
    this.#revoked = code === 'NOT_SIGNED_IN';
    if (this.#revoked) return revoked();
    const { message, hint } = error;
    return new SynscError(code, `${message}; the session keeps the values it has`, { hint });
  }
}

function revoked(): SynscError {
  return new SynscError('NOT_SIGNED_IN', 'the sign-in of this session was revoked or has expired', {
    hint: 'it keeps the values it has: run `synsc connect login` and start a new session for others',
  });
}
