import type { BlockList } from 'node:net';
import { isIP } from 'node:net';
import { isIn, plainAddress } from './networks.ts';

/**
 * The address that a request comes from: the socket's, or, where that is a trusted proxy, the last one in `X-Forwarded-For`
 * that is not. Everything left of it is what somebody claims.
 */
export function addressOf(socketAddress: string, forwardedFor: string | undefined, proxies: BlockList): string {
  let address = plainAddress(socketAddress);
  const claimed = (forwardedFor ?? '').split(',').map((part) => plainAddress(part.trim()));
  while (isIn(proxies, address)) {
    const next = claimed.pop();
    if (next === undefined || isIP(next) === 0) return address;
    address = next;
  }
  return address;
}
