/** Runs one SQL text with its parameters; only `store.ts` and `migrate.ts` call it. */
export type Run = (sql: string, parameters?: readonly unknown[]) => Promise<unknown[]>;

/** What PostgreSQL and the embedded database have in common. */
export interface Engine {
  /** True when several processes may use the database at once. */
  readonly shared: boolean;
  /** One transaction: committed when `body` resolves, rolled back when it rejects. */
  transaction<T>(body: (run: Run) => Promise<T>): Promise<T>;
  /** Runs a script of several statements in one transaction. */
  script(sql: string): Promise<void>;
  close(): Promise<void>;
}
