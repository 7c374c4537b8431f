import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DashboardConfig } from './config.ts';
import type { Engine } from './store/engine.ts';
import { type Keyring, openKeyring } from './store/keyring.ts';

type Place = Pick<DashboardConfig, 'data' | 'databaseUrl' | 'root'>;

/** The directory of a dashboard's keys, which all dashboards of one database share. */
export function keyDirectory({ data }: Pick<Place, 'data'>): string {
  return join(data, 'keys');
}

export function tlsDirectory({ data }: Pick<Place, 'data'>): string {
  return join(data, 'tls');
}

export function openKeys(place: Place): Promise<Keyring> {
  return openKeyring(keyDirectory(place), place.root);
}

/** PostgreSQL, or the embedded database. `onError`: a connection broke that nobody waits for. */
export async function openEngine(
  { data, databaseUrl }: Place,
  onError: (error: Error) => void,
): Promise<Engine> {
  await mkdir(data, { recursive: true, mode: 0o700 });
  // each brings a large package along, and a dashboard needs one of them
  if (databaseUrl) {
    const { openPostgres } = await import('./store/postgres.ts');
    return openPostgres(databaseUrl, onError);
  }
  const { openEmbedded } = await import('./store/embedded.ts');
  return openEmbedded(data);
}
