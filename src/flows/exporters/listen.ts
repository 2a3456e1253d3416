/** Where exports are listened for: `udp://HOST:PORT` and `tcp://HOST:PORT`, and whose exports are taken there. */
import { isIP } from 'node:net';
import { type Prefix, parseAddress, parsePrefix } from '../../core/address-parse.ts';
import { isLoopback, parseListen } from '../../core/listen-address.ts';
import { Problem } from '../../core/problem.ts';

export type ExportListener = { readonly transport: 'udp' | 'tcp'; readonly host: string; readonly port: number };

const setting = 'flows.exporters.listen';

/** Reads one entry of the setting. */
export const parseExportListener = (text: string): ExportListener => {
  const match = /^(udp|tcp):\/\/(.+)$/.exec(text);
  if (match === null)
    throw new Problem('invalid', `Weir cannot listen for exports on ${JSON.stringify(text)}.`, {
      detail: 'expected udp://HOST:PORT, or tcp://HOST:PORT for IPFIX over TCP; IPv6 in brackets',
      hint: `${setting}=udp://127.0.0.1:2055`,
      pointer: setting,
    });
  const address = parseListen(match[2] as string, setting);
  if (address.kind === 'unix') throw new Problem('invalid', 'Exports come by UDP or TCP, not by Unix sockets.', { pointer: setting });
  const host = address.host === 'localhost' ? '127.0.0.1' : address.host;
  if (isIP(host) === 0)
    throw new Problem('invalid', `${host} is no address.`, {
      detail: 'exports are listened for on addresses, not on names',
      pointer: setting,
    });
  return { transport: match[1] as 'udp' | 'tcp', host, port: address.port };
};

/** Networks that exports are taken from. */
export const parseAllowed = (texts: readonly string[]): Prefix[] =>
  texts.map((text) => {
    const prefix = parsePrefix(text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`);
    if (prefix !== undefined) return prefix;
    throw new Problem('invalid', `${JSON.stringify(text)} is no network.`, {
      detail: 'expected an address or ADDRESS/LENGTH, such as 10.0.0.0/8',
      pointer: 'flows.exporters.allow',
    });
  });

/** Refuses a listener that other machines reach while nobody said which of them may send. */
export const checkExportExposure = (listeners: readonly ExportListener[], allowed: readonly Prefix[]): void => {
  const open = listeners.find(({ host, port }) => !isLoopback({ kind: 'tcp', host, port }));
  if (open === undefined || allowed.length > 0) return;
  throw new Problem('denied', `Weir does not take exports on ${open.host}:${open.port} from everyone.`, {
    detail: 'whoever reaches that address could write flows into the store; datagrams carry no login',
    hint: 'name the networks of your exporters: flows.exporters.allow=10.0.0.0/8 (0.0.0.0/0,::/0 takes them from anywhere)',
    pointer: 'flows.exporters.allow',
  });
};

/** An address as the kernel tells it, without a zone, and IPv4 as IPv4 where a socket takes both. */
export const plainAddress = (address: string): string => {
  const zone = address.indexOf('%');
  const bare = zone < 0 ? address : address.slice(0, zone);
  return bare.startsWith('::ffff:') && bare.includes('.') ? bare.slice(7) : bare;
};

/** Whether exports of that address are taken: this machine's own always are. */
export const isAllowed = (text: string, allowed: readonly Prefix[]): boolean => {
  const address = parseAddress(text);
  if (address === undefined) return false;
  if (text === '::1' || text.startsWith('127.')) return true;
  const bits = (address.hi << 64n) | address.lo;
  return allowed.some(
    ({ version, first, last }) =>
      version === address.version && bits >= ((first.hi << 64n) | first.lo) && bits <= ((last.hi << 64n) | last.lo),
  );
};
