import { isIP } from 'node:net';
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
  /** Names that the dashboard is also reached by, for its own certificate; the first is its address. */
  readonly names?: readonly string[];
  /** Files of a certificate to show instead of the dashboard's own. */
  readonly certificate?: CertificateFiles | undefined;
  /** When certificates are looked at again; for tests. */
  readonly renewal?: { readonly now: () => number; readonly interval: number };
  /** Where the root key comes from. */
  readonly root?: RootConfig | undefined;
  /** Seconds that a device code lives, and between two polls of it. */
  readonly codeLifetime: number;
  readonly pollInterval: number;
}

export interface CertificateFiles {
  /** PEM: the certificate, then its issuers. */
  readonly certificate: string;
  readonly key: string;
}

export interface DashboardOptions {
  port?: number | string;
  host?: string;
  data?: string;
  databaseUrl?: string | undefined;
  json?: boolean;
  name?: readonly string[];
  certificate?: string;
  key?: string;
}

/** Options first, then the environment, then defaults. USAGE for what makes no sense. */
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
    names: (options.name ?? []).map(checkedName),
    certificate: certificateFiles(options),
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

/** What may stand in a certificate: a host name (RFC 1123 §2.1) or an address. */
function checkedName(name: string): string {
  if (isIP(name) !== 0 || /^(?=.{1,253}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$/i.test(name)) {
    return name.toLowerCase();
  }
  throw new SynscError('USAGE', 'a name of the dashboard is a host name or an address', {
    field: 'name',
    hint: 'give it without https:// and port, such as --name synsc.example.org',
  });
}

function certificateFiles({ certificate, key, name }: DashboardOptions) {
  if (certificate === undefined && key === undefined) return undefined;
  if (!certificate || !key) {
    throw new SynscError('USAGE', 'a certificate and its key are given together', {
      field: certificate ? 'key' : 'certificate',
      hint: 'add both: --certificate FILE --key FILE',
    });
  }
  if (name && name.length > 0) {
    throw new SynscError('USAGE', '--name is for the dashboard’s own certificate', {
      field: 'name',
      hint: 'leave it out: the names are those in the file of --certificate',
    });
  }
  return { certificate: resolve(certificate), key: resolve(key) };
}
