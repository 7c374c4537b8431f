import { createHmac, randomBytes } from 'node:crypto';
import { auditHash, auditStart } from '../../../protocol/session/audit.ts';
import type { AuditEntry } from '../../../protocol/session/auditEntry.ts';
import type { Decision } from '../../../protocol/session/decision.ts';
import type { ManagedProcess } from '../process/table.ts';

/** Entries that are kept; of a longer chain the last ones. */
const kept = 5_000;

type Fact = Omit<AuditEntry, 'sequence' | 'time' | 'previous' | 'hash'>;

export interface AuditOptions {
  /** Shows the argument list, redacted; absent: only a keyed hash of it is kept. */
  readonly show?: ((words: readonly string[]) => string) | undefined;
}

/** What happened in a session, as a chain of hashes: in memory, names only, never a value. */
export class Audit {
  readonly #key = randomBytes(32);
  readonly #show: AuditOptions['show'];
  #entries: AuditEntry[] = [];
  #next = 0;
  #head = auditStart;

  constructor({ show }: AuditOptions = {}) {
    this.#show = show;
    this.note({ event: 'session', outcome: 'started' });
  }

  /** Hash of the last entry: it stands for the whole chain. */
  get head(): string {
    return this.#head;
  }

  /** Entries from a sequence number on, as far as they are kept. */
  from(sequence: number, limit: number): AuditEntry[] {
    const first = this.#entries[0]?.sequence ?? 0;
    const start = Math.max(0, sequence - first);
    return this.#entries.slice(start, start + limit);
  }

  note(fact: Fact): void {
    const linked = {
      ...fact,
      sequence: this.#next,
      time: new Date().toISOString(),
      previous: this.#head,
    };
    this.#head = auditHash(linked);
    this.#next += 1;
    this.#entries.push({ ...linked, hash: this.#head });
    if (this.#entries.length > kept) this.#entries.shift();
  }

  /** A command was started; its end follows by itself. */
  spawned(process: ManagedProcess, words: readonly string[]): void {
    const { id: processId, exited } = process;
    this.note({ event: 'spawn', processId, ...this.#argumentsOf(words) });
    void exited.then(({ exitCode, signal }) => {
      const outcome = signal ?? String(exitCode);
      this.note({ event: 'exit', processId, outcome, redactions: process.redactions });
    });
  }

  /** A program of a command was decided on. */
  decided(processId: string, decision: Decision, words: readonly string[] | undefined): void {
    const { program, rule, given, withheld } = decision;
    const decided = { processId, program, rule, given, withheld };
    this.note({ event: 'decision', ...decided, ...(words && this.#argumentsOf(words)) });
  }

  #argumentsOf(words: readonly string[]): Pick<Fact, 'argumentsHash' | 'arguments'> {
    const argumentsHash = createHmac('sha256', this.#key).update(words.join('\0')).digest('hex');
    return { argumentsHash, ...(this.#show && { arguments: this.#show(words) }) };
  }
}
