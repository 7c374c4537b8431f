import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { codeLifetime, pollInterval } from '../../protocol/dashboard/device.ts';
import { SynscError } from '../errors.ts';
import type { RootConfig } from './store/rootSource.ts';

export interface DashboardConfig {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Directory of keys, certificates and the embedded database. */
  readonly data: string;
  /** PostgreSQL; undefined: the embedded database. */
  readonly databaseUrl: string | undefined;
  readonly json: boolean;
  /** Where the root key comes from. */
  readonly root?: RootConfig | undefined;
  /** Seconds that a device code lives, and between two polls of it. */
  readonly codeLifetime: number;
  readonly pollInterval: number;
}

export interface DashboardOptions {
  port?: number | string;
  host?: string;
  data?: string;
  databaseUrl?: string | undefined;
  json?: boolean;
}

/** Options first, then the environment, then defaults. USAGE for a port that is none. */
export function dashboardConfig(
  options: DashboardOptions,
  env: Readonly<Record<string, string | undefined>>,
): DashboardConfig {
  return {
    host: options.host ?? 'localhost',
    port: portOf(options.port ?? 8443),
    data: resolve(options.data ?? join(dataHome(env), 'synsc', 'dashboard')),
    databaseUrl: options.databaseUrl || env.DATABASE_URL || undefined,
    json: options.json ?? false,
    root: {
      key: env.SYNSC_ROOT_KEY,
      nextKey: env.SYNSC_ROOT_KEY_NEXT,
      file: env.SYNSC_ROOT_KEY_FILE,
      passphrase: env.SYNSC_ROOT_PASSPHRASE,
    },
    codeLifetime,
    pollInterval,
  };
}

/** XDG base directory specification: a relative path is to be ignored. */
function dataHome(env: Readonly<Record<string, string | undefined>>): string {
  const named = env.XDG_DATA_HOME;
  return named?.startsWith('/') ? named : join(env.HOME || homedir(), '.local', 'share');
}

function portOf(port: number | string): number {
  const number = /^\d+$/.test(String(port)) ? Number(port) : -1;
  if (number >= 0 && number <= 65_535) return number;
  throw new SynscError('USAGE', 'the port must be a number from 0 to 65535', { field: 'port' });
}
