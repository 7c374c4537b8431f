/** A host of a URL without the brackets that an IPv6 address has in one (RFC 3986 §3.2.2). */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

/** An IPv4 address that an IPv6 socket shows as one of its own (RFC 4291 §2.5.5.2), as IPv4. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}
