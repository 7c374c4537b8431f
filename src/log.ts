/** What a supervisor reports. */
export interface Log {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Logs errors to stderr by pino, which is loaded with the first one: a session mostly writes none, and
 * loading it costs 20 ms. Warnings (a client that hung up) are dropped: the terminal is the user's.
 */
export function lazyLog(): Log {
  return {
    warn: () => undefined,
    error: (fields, message) => void writeError(fields, message),
  };
}

/** What a log says of an error. */
interface Fault {
  readonly name: string;
  readonly code?: unknown;
  readonly stack?: readonly string[] | undefined;
}

/** An error for a log: a database's own message, and what it adds, may quote what was sent. */
export function faultOf(error: unknown): Fault {
  if (!(error instanceof Error)) return { name: 'unknown' };
  const stack = error.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return { name: error.name, ...('code' in error && { code: error.code }), stack };
}

/** Never rejects: that a failure can't be described may not end a session. */
async function writeError(fields: object, message: string): Promise<void> {
  try {
    const { default: pino } = await import('pino');
    pino({ name: 'synsc' }, pino.destination(2)).error(fields, message);
  } catch {
    process.stderr.write(`synsc: ${message}\n`); // no more files can be opened
  }
}
