import type { X509Certificate } from 'node:crypto';

/** id-kp-serverAuth (RFC 5280 §4.2.1.12). */
const serverAuth = '1.3.6.1.5.5.7.3.1';
/** DER of ecdsa-with-SHA256 (RFC 5758 §3.2), and of a critical key usage of digitalSignature alone. */
const ecdsaWithSha256 = Buffer.from('06082a8648ce3d040302', 'hex');
const signsOnly = Buffer.from('0603551d0f0101ff040403020780', 'hex');
/** DER of `critical` before an extension's value, and of the identifiers that may stand before that. */
const critical = Buffer.from('0101ff04', 'hex');
const understood = ['0603551d0f', '0603551d11', '0603551d13', '0603551d25'];

/**
 * Whether `authority` itself has signed `leaf` for a server named `host`, and both are good at `now`. It
 * knows only what a dashboard of ours shows: elliptic curves, no authority between, nothing unusual.
 * False does not mean that the chain is bad, but that TLS shall judge it.
 */
export function vouchesFor(
  authority: X509Certificate,
  leaf: X509Certificate,
  host: string,
  now: number,
): boolean {
  return (
    isOwnAuthority(authority) &&
    [authority, leaf].every((one) => isCurrent(one, now) && isUsual(one)) &&
    isServer(leaf, host) &&
    leaf.checkIssued(authority) &&
    leaf.verify(authority.publicKey)
  );
}

function isOwnAuthority(authority: X509Certificate): boolean {
  const { ca, keyUsage } = authority;
  return ca && (keyUsage ?? []).length === 0 && authority.checkIssued(authority);
}

/** Written as `Nov 26 20:45:33 2026 GMT`; a date that can't be read is none that counts. */
function isCurrent({ validFrom, validTo }: X509Certificate, now: number): boolean {
  return Date.parse(validFrom) <= now && now < Date.parse(validTo);
}

function isUsual({ publicKey, raw }: X509Certificate): boolean {
  if (publicKey.asymmetricKeyType !== 'ec' || !raw.includes(ecdsaWithSha256)) return false;
  for (let at = raw.indexOf(critical); at >= 0; at = raw.indexOf(critical, at + 1)) {
    if (!understood.includes(raw.toString('hex', at - 5, at))) return false;
  }
  return true;
}

function isServer(leaf: X509Certificate, host: string): boolean {
  const { ca, keyUsage, raw } = leaf;
  if (ca || !raw.includes(signsOnly) || !keyUsage?.includes(serverAuth)) return false;
  const isAddress = /^[\d.]+$/.test(host) || host.includes(':');
  const options = { subject: 'never', wildcards: false } as const;
  return (isAddress ? leaf.checkIP(host) : leaf.checkHost(host, options)) !== undefined;
}
