import { moveIn } from '../../platform/pages.ts';
import type { Filter } from '../process/table.ts';
import { RedactionStream } from '../redaction/stream.ts';
import { RedactionTable } from '../redaction/table.ts';
import { redactText } from '../redaction/text.ts';
import type { Vault } from '../vault/vault.ts';

/** One running redactor, and the names that its reader was allowed to see. */
interface Open {
  readonly stream: RedactionStream;
  readonly shown: () => readonly string[];
}

/** All redactors of a session over one table, which rotation swaps under them. */
export class Redactors {
  #table: RedactionTable;
  readonly #open = new Set<Open>();
  readonly #shownInFront: string[] = [];
  /** Values replaced since the session began. */
  total = 0;

  constructor(vault: Vault) {
    this.#table = RedactionTable.build(vault.needles(), moveIn);
  }

  /** Names of values that are too short to be told from ordinary text. */
  get unprotected(): readonly string[] {
    return this.#table.tooShort;
  }

  /** Names of short or regular values, of which only the whole is found. */
  get wholeOnly(): readonly string[] {
    return this.#table.wholeOnly;
  }

  /** After the vault changed; every stream goes on with the new table. */
  rebuild(vault: Vault): void {
    const before = this.#table;
    this.#table = RedactionTable.build(vault.needles(), moveIn);
    this.#swap();
    before.wipe();
  }

  #swap(): void {
    for (const { stream, shown } of this.#open) stream.use(this.#tableFor(shown()));
  }

  #tableFor(shown: readonly string[]): RedactionTable {
    return shown.length === 0 ? this.#table : this.#table.without(shown);
  }

  text(text: string): string {
    return redactText(this.#table, text);
  }

  /** Whether bytes hold a value of the session, in any form that would be redacted. */
  finds(bytes: Buffer): boolean {
    let found = false;
    const stream = new RedactionStream(this.#table, {
      mode: 'pipe',
      emit: () => undefined,
      onHit: () => {
        found = true;
      },
    });
    stream.write(bytes);
    stream.end();
    return found;
  }

  /** A filter for one command; `shown`: names that the user authorised for it. */
  filter(
    mode: 'pipe' | 'tty',
    emit: (safe: Buffer) => void,
    shown: readonly string[],
    onHit: () => void,
  ): Filter {
    return this.#register(mode, emit, () => shown, onHit);
  }

  /** The filter of the front end itself, through which everything in the terminal passes. */
  frontFilter(mode: 'pipe' | 'tty', emit: (safe: Buffer) => void): Filter {
    return this.#register(
      mode,
      emit,
      () => this.#shownInFront,
      () => undefined,
    );
  }

  #register(
    mode: 'pipe' | 'tty',
    emit: (safe: Buffer) => void,
    shown: () => readonly string[],
    onHit: () => void,
  ): Filter {
    const stream = new RedactionStream(this.#tableFor(shown()), {
      mode,
      emit,
      onHit: () => {
        this.total += 1;
        onHit();
      },
    });
    const open = { stream, shown };
    this.#open.add(open);
    return {
      write(bytes) {
        if (stream.write(bytes)) bytes.fill(0);
      },
      end: () => {
        stream.end();
        this.#open.delete(open);
      },
    };
  }

  /**
   * Lets the front end show values until the returned function is called: an authorised command's
   * output reaches the user through the session's own terminal.
   */
  showInFront(names: readonly string[]): () => void {
    this.#shownInFront.push(...names);
    this.#swap();
    return () => {
      for (const name of names) this.#shownInFront.splice(this.#shownInFront.indexOf(name), 1);
      this.#swap();
    };
  }

  close(): void {
    for (const { stream } of this.#open) stream.end();
    this.#open.clear();
    this.#table.wipe();
  }
}
