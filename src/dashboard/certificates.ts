import type { Logger } from 'pino';
import { readCertificate } from './certificateFile.ts';
import type { DashboardConfig } from './config.ts';
import { tlsDirectory } from './open.ts';
import { withLock } from './store/lock.ts';
import { openTls, type Tls } from './tls.ts';

const minute = 60_000;

/** The certificate that the operator gave, or the dashboard's own. */
export function openCertificates(config: DashboardConfig): Promise<Tls> {
  const now = config.renewal?.now() ?? Date.now();
  if (config.certificate) return readCertificate(config.certificate, now);
  const directory = tlsDirectory(config);
  const wildcards = new Set(['0.0.0.0', '::']);
  const names = [config.host, ...(config.names ?? [])].filter((name) => !wildcards.has(name));
  // one at a time: dashboards of one directory show one certificate authority
  return withLock(directory, 'exclusive', () => openTls(directory, names, now));
}

/**
 * Looks again and again, and has new connections get what is new: a leaf of ours well before the old
 * one ends, a file of the operator's soon after it changed. Returns what ends it.
 */
export function followCertificates(
  config: DashboardConfig,
  first: Tls,
  show: (tls: Tls) => void,
  log: Logger,
): () => Promise<void> {
  let shown = first.certificate;
  let looking: Promise<void> | undefined;
  const look = async () => {
    try {
      const tls = await openCertificates(config);
      if (tls.certificate === shown) return;
      show(tls);
      shown = tls.certificate;
    } catch (error) {
      const fault = error instanceof Error ? error.message : 'unknown';
      log.error({ fault }, 'the certificate was not renewed: the old one is shown');
    } finally {
      looking = undefined;
    }
  };
  const interval = config.renewal?.interval ?? (config.certificate ? minute : 12 * 60 * minute);
  const timer = setInterval(() => {
    looking ??= look();
  }, interval).unref();
  return async () => {
    clearInterval(timer);
    await looking;
  };
}
