/** What the kernel threw away because a socket's buffer was full: Linux tells it for each UDP socket (proc(5), `/proc/net/udp`). */
import { readFile } from 'node:fs/promises';

/** Datagrams dropped on all sockets bound to a port, by `ADDRESS:PORT` in the kernel's hexadecimal. */
const readDrops = (table: string): Map<string, number> => {
  const drops = new Map<string, number>();
  for (const line of table.split('\n').slice(1)) {
    const words = line.trim().split(/\s+/);
    const local = words[1];
    if (local === undefined || words.length < 13) continue;
    drops.set(local, (drops.get(local) ?? 0) + Number(words.at(-1)));
  }
  return drops;
};

/** How the kernel writes an IPv4 address and a port: the address as a word of this machine, little endian. */
const kernelAddress = (host: string, port: number): string => {
  const octets = host.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
  return `${octets.reverse().join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
};

/** Datagrams dropped so far for a socket at that place; undefined where this system does not tell. */
export const kernelDrops = async (host: string, port: number): Promise<number | undefined> => {
  const isIpv6 = host.includes(':');
  const table = await readFile(isIpv6 ? '/proc/net/udp6' : '/proc/net/udp', 'latin1').catch(() => undefined);
  if (table === undefined) return undefined;
  const drops = readDrops(table);
  if (!isIpv6) return drops.get(kernelAddress(host, port));
  const end = `:${port.toString(16).padStart(4, '0').toUpperCase()}`;
  const found = [...drops].filter(([local]) => local.endsWith(end));
  return found.length === 0 ? undefined : found.reduce((sum, [, count]) => sum + count, 0);
};
