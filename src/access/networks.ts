import { BlockList, isIP } from 'node:net';
import { formatPrefix, parseAddress, prefixOf } from '../core/address-parse.ts';
import { Problem } from '../core/problem.ts';

/** A set of networks, from `10.0.0.0/8`, `2001:db8::/32` or single addresses. Throws `invalid`, naming the setting. */
export function networksOf(texts: readonly string[], setting: string): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [address = '', prefix] = text.trim().split('/');
    const version = isIP(address);
    const length = prefix === undefined ? (version === 6 ? 128 : 32) : Number(prefix);
    if (version === 0 || !/^\d*$/.test(prefix ?? '') || length > (version === 6 ? 128 : 32)) {
      throw new Problem('invalid', `${JSON.stringify(text)} is no network.`, {
        detail: 'expected an address or ADDRESS/BITS',
        pointer: setting,
      });
    }
    list.addSubnet(address, length, version === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** True when an address (as a socket names it, IPv4 in IPv6 included) is in the set. */
export function isIn(list: BlockList, address: string): boolean {
  const plain = plainAddress(address);
  const version = isIP(plain);
  return version !== 0 && list.check(plain, version === 6 ? 'ipv6' : 'ipv4');
}

/** An address without the IPv6 clothes that a socket for both puts on it. */
export const plainAddress = (address: string): string =>
  address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;

/**
 * What stands for whoever has an address: itself, or of IPv6 its first 64 bits, since one customer has all the rest
 * (RFC 6177) and could have an address for each guess.
 */
export function siteOf(address: string): string {
  const parsed = parseAddress(plainAddress(address).split('%', 1)[0] as string);
  return parsed?.version === 6 ? formatPrefix(prefixOf(parsed, 64)) : plainAddress(address);
}

/** True for addresses of this machine; a Unix socket has none and counts as it. */
export function isThisMachine(address: string): boolean {
  const plain = plainAddress(address);
  return plain === '' || plain === '::1' || /^127(\.\d{1,3}){3}$/.test(plain);
}
