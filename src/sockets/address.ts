/** Where sockets are: `tcp://HOST:PORT`, `udp://HOST:PORT`, `unix:PATH`. */
import { resolve } from 'node:path';
import { numericHost, parseListen } from '../core/listen-address.ts';
import { Problem } from '../core/problem.ts';

export type NetworkAddress = { readonly kind: 'tcp' | 'udp'; readonly host: string; readonly port: number };
export type UnixAddress = { readonly kind: 'unix'; readonly path: string };
export type SocketAddress = NetworkAddress | UnixAddress;

/** What the kernel's `sun_path` holds besides the NUL behind it (unix(7)); longer ones it refuses in words that nobody understands. */
const longestPath = 107;

/** Reads an address; a host that is left out is 127.0.0.1. Throws `invalid`. `name` is what to call it: a setting or an argument. */
export function parseSocketAddress(text: string, name = 'address'): SocketAddress {
  const [, kind, rest = ''] = /^(tcp|udp|unix):(.*)$/s.exec(text) ?? [];
  if (kind === 'unix') return { kind, path: readPath(text, rest, name) };
  const place = rest.startsWith('//') ? rest.slice(2) : '';
  if (kind === undefined || place === '' || place.startsWith('unix:'))
    throw new Problem('invalid', `${JSON.stringify(text)} is no address of a socket.`, {
      detail: 'expected tcp://HOST:PORT, udp://HOST:PORT (IPv6 in brackets) or unix:PATH',
      hint: 'tcp://127.0.0.1:7007',
      pointer: name,
    });
  const address = parseListen(place, name);
  if (address.kind === 'unix') throw new Error('unreachable');
  return { kind: kind as 'tcp' | 'udp', host: numericHost(address.host), port: address.port };
}

function readPath(text: string, rest: string, name: string): string {
  const given = rest.replace(/^\/\/(?=\/)/, '');
  const wrong = (detail: string) => new Problem('invalid', `${JSON.stringify(text)} is no address of a socket.`, { detail, pointer: name });
  if (given === '') throw wrong('expected unix:PATH');
  if (given.startsWith('@') || given.includes('\0'))
    throw wrong('abstract sockets have no permissions: anybody on this machine could connect');
  const path = resolve(given);
  if (Buffer.byteLength(path) > longestPath)
    throw wrong(`the path of a Unix socket has at most ${longestPath} bytes, this one ${Buffer.byteLength(path)}`);
  return path;
}

/** An address as it is written. */
export function showAddress(address: SocketAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return `${address.kind}://${hostAndPort(address.host, address.port)}`;
}

/** `127.0.0.1:80`, `[::1]:80`. */
export const hostAndPort = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** An address as the kernel tells it, without a zone, and IPv4 as IPv4 where a socket takes both. */
export function plainHost(host: string): string {
  const bare = host.split('%')[0] as string;
  return bare.startsWith('::ffff:') && bare.includes('.') ? bare.slice(7) : bare;
}
