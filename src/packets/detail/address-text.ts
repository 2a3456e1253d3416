/** Addresses of packets as text, for what is made one at a time; lines write them straight into their buffer. */
import { ipv6TextOctets, writeIpv4, writeIpv6 } from '../../core/address.ts';

const scratch = Buffer.alloc(ipv6TextOctets + 16);

/** A dotted quad. */
export const formatIpv4 = (word: number): string => scratch.toString('latin1', 0, writeIpv4(scratch, 0, word));

/** As RFC 5952 writes it. */
export const formatIpv6 = (a: number, b: number, c: number, d: number): string =>
  scratch.toString('latin1', 0, writeIpv6(scratch, 0, a, b, c, d));

/** An Ethernet address, 48 bits as a number, as `02:00:00:00:00:01`. */
export function formatMac(address: number): string {
  const high = Math.floor(address / 4294967296);
  const hex = (high.toString(16).padStart(4, '0') + (address - high * 4294967296).toString(16).padStart(8, '0')).match(/../g) as string[];
  return hex.join(':');
}

/** An address and a port: `192.0.2.1:80`, `[2001:db8::1]:80`. */
export const formatEnd = (address: string, port: number): string => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);
