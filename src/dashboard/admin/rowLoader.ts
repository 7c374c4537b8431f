import type { Run } from '../store/engine.ts';
import type { BackupRow } from './backup.ts';

/** Rows that go in at once. */
const batch = 500;

/** Puts rows in as they were: their triggers rest, and so do the checks of who may write what. */
export class RowLoader {
  readonly #run: Run;
  #table = '';
  #rows: object[] = [];

  constructor(run: Run) {
    this.#run = run;
  }

  async begin(): Promise<void> {
    await this.#switchTriggers('DISABLE');
    await this.#run('SET LOCAL ROLE synsc_keeper');
  }

  async add({ table, row }: BackupRow): Promise<void> {
    if (table !== this.#table || this.#rows.length >= batch) await this.#flush();
    this.#table = table;
    this.#rows.push(row);
  }

  async end(): Promise<void> {
    await this.#flush();
    await this.#advanceCounters();
    await this.#switchTriggers('ENABLE');
  }

  async #flush(): Promise<void> {
    if (this.#rows.length === 0) return;
    if (!/^(app|priv)\.[a-z_]+$/.test(this.#table)) throw new RangeError('not a table');
    await this.#run(
      `INSERT INTO ${this.#table} OVERRIDING SYSTEM VALUE
       SELECT * FROM jsonb_populate_recordset(NULL::${this.#table}, $1::jsonb)`,
      [JSON.stringify(this.#rows)],
    );
    this.#rows = [];
  }

  /** Numbers that the database gives out go on after the last one. */
  async #advanceCounters(): Promise<void> {
    const [last] = (await this.#run('SELECT max(id)::text AS id FROM app.audit')) as {
      id: string | null;
    }[];
    await this.#run('RESET ROLE');
    if (last?.id) {
      await this.#run(`SELECT setval(pg_get_serial_sequence('app.audit', 'id'), $1::bigint)`, [
        last.id,
      ]);
    }
  }

  async #switchTriggers(to: 'ENABLE' | 'DISABLE'): Promise<void> {
    await this.#run(`DO $$
      DECLARE name text;
      BEGIN
        FOR name IN SELECT relname FROM pg_class
          WHERE relnamespace = 'app'::regnamespace AND relkind = 'r' LOOP
          EXECUTE format('ALTER TABLE app.%I ${to} TRIGGER USER', name);
        END LOOP;
      END $$`);
  }
}
