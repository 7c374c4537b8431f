import { type messages, type PGlite, parse, protocol } from '@electric-sql/pglite';
import type { Statement } from './engine.ts';

const { serialize } = protocol;

export interface Step {
  readonly statement: Statement;
  readonly parameters: readonly unknown[];
}

/**
 * Named statements of PGlite, parsed once. PGlite's own `query` parses and describes each time, in six
 * calls of the database: three times the work.
 */
export class PreparedStatements {
  readonly #db: PGlite;
  /** Types of the parameters, by name of the statement. */
  readonly #known = new Map<string, readonly number[]>();

  constructor(db: PGlite) {
    this.#db = db;
  }

  /** A transaction of all steps, in one go; the rows of the last. */
  async transaction(steps: readonly Step[]): Promise<unknown[]> {
    await this.#db._checkReady();
    // `runExclusive` waits for a query only, and would come between those of another transaction
    return this.#db._runExclusiveTransaction(() => this.within(steps));
  }

  /** As `transaction`, as a part of the one that the caller has begun. */
  within(steps: readonly Step[]): Promise<unknown[]> {
    return this.#db._runExclusiveQuery(async () => {
      for (const { statement } of steps) await this.#prepare(statement);
      const parts = steps.flatMap((step) => this.#messagesOf(step));
      // up to Sync it is one transaction (PostgreSQL §55.2.3), which an error takes back
      const answers = await this.#send([...parts, serialize.sync()]);
      return parse.parseResults(answers, this.#db.parsers).at(-1)?.rows ?? [];
    });
  }

  async #prepare({ name, sql }: Statement): Promise<void> {
    if (this.#known.has(name)) return;
    const answers = await this.#send([
      serialize.parse({ name, text: sql }),
      serialize.describe({ type: 'S', name }),
      serialize.sync(),
    ]);
    this.#known.set(name, parse.parseDescribeStatementResults(answers));
  }

  #messagesOf({ statement: { name }, parameters }: Step): Uint8Array[] {
    const types = this.#known.get(name) ?? [];
    const values = parameters.map((value, index) => {
      if (value === null || value === undefined) return null;
      const write = this.#db.serializers[types[index] ?? 0];
      return write ? write(value) : `${value as string}`;
    });
    return [
      serialize.bind({ statement: name, values }),
      serialize.describe({ type: 'P' }),
      serialize.execute({}),
    ];
  }

  async #send(parts: readonly Uint8Array[]): Promise<messages.BackendMessage[]> {
    return (await this.#db.execProtocol(Buffer.concat(parts))).messages;
  }
}
