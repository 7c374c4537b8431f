import { moveIn } from '../../platform/pages.ts';
import type { Filter } from '../process/table.ts';
import { type Weak, weakAmong } from '../redaction/needles.ts';
import { RedactionStream } from '../redaction/stream.ts';
import { RedactionTable } from '../redaction/table.ts';
import { redactText } from '../redaction/text.ts';
import type { Vault } from '../vault/vault.ts';

export type { Weak } from '../redaction/needles.ts';

/** One running redactor, and the names that its reader was allowed to see. */
interface Open {
  /** Undefined until something is written. */
  stream?: RedactionStream;
  readonly shown: () => readonly string[];
}

/** All redactors of a session over one table, which rotation swaps under them. */
export class Redactors {
  readonly #vault: Vault;
  #built: RedactionTable | undefined;
  readonly #open = new Set<Open>();
  readonly #shownInFront: string[] = [];
  /** Values replaced since the session began. */
  total = 0;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** Made with the first text: it takes a while, in which a session's command can start already. */
  get #table(): RedactionTable {
    this.#built ??= RedactionTable.build(this.#vault.needles(), moveIn);
    return this.#built;
  }

  /** Names of values that are found only where they stand whole, or not at all. */
  weak(): Weak {
    return weakAmong(this.#vault.needles());
  }

  /** After the vault changed; every stream goes on with the new table. */
  rebuild(): void {
    const before = this.#built;
    this.#built = undefined;
    this.#swap();
    before?.wipe();
  }

  #swap(): void {
    for (const { stream, shown } of this.#open) stream?.use(this.#tableFor(shown()));
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
    const count = () => {
      this.total += 1;
      onHit();
    };
    const open: Open = { shown };
    this.#open.add(open);
    return {
      write: (bytes) => {
        open.stream ??= new RedactionStream(this.#tableFor(shown()), { mode, emit, onHit: count });
        if (open.stream.write(bytes)) bytes.fill(0);
      },
      end: () => {
        open.stream?.end();
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
    for (const { stream } of this.#open) stream?.end();
    this.#open.clear();
    this.#built?.wipe();
  }
}
