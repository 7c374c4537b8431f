import { readFileSync, statSync } from 'node:fs';
import { SynscError } from '../errors.ts';
import { readSmall } from '../platform/files.ts';
import { localAuthorityPath, readSettings, type Settings } from './settings.ts';
import { certificateFingerprint, fetchAuthority, normalFingerprint } from './trust.ts';

export interface DashboardFlags {
  readonly dashboard?: string | undefined;
  readonly caSha256?: string | undefined;
}

/** A dashboard and how to know it. */
export interface Dashboard {
  /** Origin, e.g. `https://localhost:8443`. */
  readonly url: string;
  /** PEM of the only authority to trust; without it the public ones count. */
  readonly ca?: string;
  /** PEM of authorities that count beside the public ones, where none is the only one. */
  readonly moreAuthorities?: string;
  /** Fingerprint that the user, the environment or the settings named. */
  readonly caSha256?: string;
}

/** In the place of a pin: any authority that this machine trusts. It also drops a pin that was saved. */
const publicPin = 'public';
const defaultUrl = 'https://localhost:8443';
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Which dashboard is meant and which authority vouches for it. URL: flag, SYNSC_DASHBOARD_URL,
 * settings, default. Pin: flag, SYNSC_CA_SHA256, settings of the same URL; without a pin, on
 * loopback, the authority of this user's own dashboard.
 */
export async function findDashboard(
  env: NodeJS.ProcessEnv,
  flags: DashboardFlags = {},
  settings: Settings = readSettings(env),
): Promise<Dashboard> {
  const url = dashboardUrl(env, flags, settings);
  const saved = settings.dashboard === url ? settings : {};
  const pin = flags.caSha256 ?? (env.SYNSC_CA_SHA256 || saved.caSha256);
  if (pin !== undefined && pin !== publicPin) {
    const caSha256 = normalFingerprint(pin);
    const known = saved.ca !== undefined && certificateFingerprint(saved.ca) === caSha256;
    return {
      url,
      caSha256,
      ca: known && saved.ca ? saved.ca : await fetchAuthority(url, caSha256),
    };
  }
  const own = pin !== publicPin && loopback.test(new URL(url).hostname);
  const ca = own ? localAuthority(env) : undefined;
  if (ca !== undefined) return { url, ca };
  const moreAuthorities = extraAuthorities(env);
  return moreAuthorities === undefined ? { url } : { url, moreAuthorities };
}

/** Origin of the dashboard that is meant, without asking it anything. Throws USAGE. */
export function dashboardUrl(
  env: NodeJS.ProcessEnv,
  flags: DashboardFlags,
  settings: Settings = readSettings(env),
): string {
  const named = flags.dashboard ?? (env.SYNSC_DASHBOARD_URL || settings.dashboard);
  return dashboardOrigin(named ?? defaultUrl);
}

function dashboardOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' || url.pathname !== '/' || url.search || url.username) {
    throw new SynscError(
      'USAGE',
      'the address of the dashboard must look like https://HOST[:PORT]',
      {
        hint: 'check --dashboard, SYNSC_DASHBOARD_URL and the settings file',
        field: 'dashboard',
      },
    );
  }
  return url.origin;
}

/** Only a file of this very user counts: another one could have put an authority of theirs there. */
function localAuthority(env: NodeJS.ProcessEnv): string | undefined {
  const path = localAuthorityPath(env);
  const entry = statSync(path, { throwIfNoEntry: false });
  return entry?.isFile() && entry.uid === process.getuid?.()
    ? readFileSync(path, 'utf8')
    : undefined;
}

/** Bytes: all public authorities take a quarter of a megabyte. */
const authoritiesLimit = 16 * 1024 * 1024;

/** What Node would trust by itself, had its start not been spared the reading. */
function extraAuthorities({ NODE_EXTRA_CA_CERTS: path }: NodeJS.ProcessEnv): string | undefined {
  // what can't be read is passed over, as Node does: it may be a leftover, and fewer are trusted
  return path ? readSmall(path, authoritiesLimit)?.toString() : undefined;
}
