/** What the supervisor reports: failures only, since its terminal belongs to the user. */
export interface Log {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Logs to stderr by pino, which is loaded with the first line: a session mostly writes none. */
export function lazyLog(): Log {
  const write = async (level: 'warn' | 'error', fields: object, message: string) => {
    const { pino } = await import('pino');
    pino({ name: 'synsc', level: 'error' }, pino.destination(2))[level](fields, message);
  };
  return {
    warn: (fields, message) => void write('warn', fields, message),
    error: (fields, message) => void write('error', fields, message),
  };
}
