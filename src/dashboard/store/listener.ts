import pg from 'pg';

/** Milliseconds between two tries to reach the server again. */
const pause = 500;

interface Ears {
  readonly onMessage: (payload: string) => void;
  readonly onGap: () => void;
  readonly onError: (error: Error) => void;
}

/**
 * LISTEN on a connection of its own, made again when it breaks. Resolves to what ends it, once it
 * listens; rejects when the first try fails.
 */
export async function listenForever(
  options: pg.ClientConfig,
  channel: string,
  ears: Ears,
): Promise<() => Promise<void>> {
  let ended = false;
  let client = await connect();
  let retry: NodeJS.Timeout | undefined;

  async function connect(): Promise<pg.Client> {
    const fresh = new pg.Client({ ...options, keepAlive: true });
    fresh.on('notification', ({ payload = '' }) => ears.onMessage(payload));
    fresh.on('error', ears.onError);
    try {
      await fresh.connect();
      await fresh.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      await fresh.end();
      throw error;
    }
    fresh.once('end', () => {
      if (!ended) retry = setTimeout(() => void again(), pause);
    });
    return fresh;
  }

  async function again(): Promise<void> {
    try {
      client = await connect();
    } catch {
      // the pools report a server that is away; this one only waits for it
      if (!ended) retry = setTimeout(() => void again(), pause);
      return;
    }
    if (ended) await client.end();
    else ears.onGap();
  }

  return async () => {
    ended = true;
    clearTimeout(retry);
    await client.end();
  };
}
