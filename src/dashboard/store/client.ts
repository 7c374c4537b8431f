import type pg from 'pg';

/**
 * Lends a connection of the pool. One that breaks meanwhile is not lent again, and nobody but the
 * borrower hears of it: without a listener its `error` event would end the process.
 */
export async function withClient<T>(
  pool: pg.Pool,
  body: (client: pg.PoolClient, discard: (cause: Error) => void) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const discard = (cause: Error) => {
    broken = cause;
  };
  client.on('error', discard);
  try {
    return await body(client, discard);
  } catch (error) {
    if (isFatal(error)) discard(error);
    throw error;
  } finally {
    client.off('error', discard);
    client.release(broken);
  }
}

/** The server ends the connection with it, a moment later. */
function isFatal(error: unknown): error is Error {
  return error instanceof Error && 'severity' in error && error.severity === 'FATAL';
}
