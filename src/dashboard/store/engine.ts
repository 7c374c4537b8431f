/** Runs one SQL text with its parameters; a text without parameters may hold several statements. */
export type Run = (sql: string, parameters?: readonly unknown[]) => Promise<unknown[]>;

/** A statement of the table, with the name under which a server may keep its plan. */
export interface Statement {
  readonly name: string;
  readonly sql: string;
}

/** Runs one statement of the table. */
type RunStatement = (statement: Statement, parameters?: readonly unknown[]) => Promise<unknown[]>;

/**
 * The roles of the running dashboard, neither of which owns anything. `app`: a known user, through
 * row-level security. `gate`: nobody yet; reaches the functions of schema `auth` and no table.
 */
export type Role = 'app' | 'gate';

/** As whom a transaction runs, and its settings, which are gone when it ends. */
export interface Principal {
  readonly role: Role;
  /** Values in the alphabet of base64 and dots. */
  readonly settings: Readonly<Partial<Record<'synsc.claims' | 'synsc.origin', string>>>;
}

/** Logins of the two roles, for a database that has logins. */
export type Logins = Readonly<Record<Role, { user: string; password: string }>>;

/** What PostgreSQL and the embedded database have in common. */
export interface Engine {
  /** True when several processes may use the database at once. */
  readonly shared: boolean;
  /** One transaction of the schema's owner: migrations, checks, backups. Never for a request. */
  owner<T>(body: (run: Run) => Promise<T>): Promise<T>;
  /** Logs the roles in, once they exist; before that `transaction` and `single` fail. */
  enter(logins: Logins): Promise<void>;
  /** One transaction: committed when `body` resolves, rolled back when it rejects. */
  transaction<T>(principal: Principal, body: (run: RunStatement) => Promise<T>): Promise<T>;
  /** A transaction of one statement, in one trip to the database. */
  single(
    principal: Principal,
    statement: Statement,
    parameters: readonly unknown[],
  ): Promise<unknown[]>;
  /**
   * Hears notifications until the engine closes. `onGap`: some may have been missed, since the
   * connection was lost and is there again.
   */
  listen(channel: string, onMessage: (payload: string) => void, onGap: () => void): Promise<void>;
  close(): Promise<void>;
}

/** `SET LOCAL` for a principal, as literals: one round trip. Refuses what could end a literal. */
export function settingsScript({ settings }: Principal): string {
  const lines = Object.entries(settings).map(([name, value]) => {
    if (!/^[A-Za-z0-9+/=._-]*$/.test(value)) throw new RangeError(`setting ${name} is malformed`);
    return `SET LOCAL ${name} = '${value}'`;
  });
  return lines.join('; ');
}

/** As `settingsScript`, for values as parameters; selects no row. */
export function settingsStatement(settings: Readonly<Record<string, string>>): Statement {
  const names = Object.keys(settings);
  const calls = names.map((name, index) => `set_config('${name}', $${index + 1}, true)`);
  return {
    name: `set ${names.join(' ')}`,
    sql: `SELECT WHERE concat(${calls.join(', ')}) IS NULL`,
  };
}
