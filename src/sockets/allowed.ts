/** Who may connect: this machine, and the networks that were named. */
import { BlockList, isIP } from 'node:net';
import { Problem } from '../core/problem.ts';
import { plainHost } from './address.ts';

/** Networks as `isAllowed` asks them; undefined for everyone. */
export type Allowed = BlockList | undefined;

/** Reads addresses and networks (`10.0.0.0/8`). Throws `invalid`. */
export function readAllowed(texts: readonly string[], name: string): BlockList {
  const list = new BlockList();
  list.addSubnet('127.0.0.0', 8);
  list.addAddress('::1', 'ipv6');
  for (const text of texts) {
    const [host = '', length] = text.split('/');
    const version = isIP(host);
    const bits = length === undefined ? (version === 4 ? 32 : 128) : Number(length);
    if (version === 0 || !/^\d+$/.test(length ?? '0') || bits > (version === 4 ? 32 : 128))
      throw new Problem('invalid', `${JSON.stringify(text)} is no network.`, {
        detail: 'expected an address or ADDRESS/LENGTH, such as 10.0.0.0/8',
        pointer: name,
      });
    list.addSubnet(host, bits, version === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** Whether a peer at this address may come in. */
export function isAllowed(allowed: Allowed, host: string): boolean {
  if (allowed === undefined) return true;
  const plain = plainHost(host);
  return allowed.check(plain, plain.includes(':') ? 'ipv6' : 'ipv4');
}
