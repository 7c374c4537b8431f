import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { plainAddress } from '../../address.ts';

/** How near two addresses are, as far as addresses can tell. */
export type Nearness = 'same machine' | 'same address' | 'same network' | 'other network';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Where a request came from, seen from this browser. The same network: the same /24 of IPv4 or /64 of
 * IPv6, which is what one household or office usually has.
 */
export function nearness(request: string, browser: string): Nearness {
  const [one, other] = [plainAddress(request), plainAddress(browser)];
  if (isLoopback(one) && isLoopback(other)) return 'same machine';
  if (one === other) return 'same address';
  return sameBlock(one, other) ? 'same network' : 'other network';
}

function isLoopback(address: string): boolean {
  return isIPv4(address)
    ? loopback.check(address)
    : isIPv6(address) && loopback.check(address, 'ipv6');
}

function sameBlock(one: string, other: string): boolean {
  const block = new BlockList();
  if (isIPv4(one) && isIPv4(other)) {
    block.addSubnet(one, 24, 'ipv4');
    return block.check(other);
  }
  if (!isIPv6(one) || !isIPv6(other)) return false;
  block.addSubnet(one, 64, 'ipv6');
  return block.check(other, 'ipv6');
}
