import { resolve } from 'node:path';
import { Problem } from '../core/problem.ts';

/** Where a server listens, as `--server` names it. */
export type ServerAddress = { protocol: 'http:' | 'https:'; host: string; port: number; base: string; socketPath?: string };

/** Reads `http://HOST:PORT[/BASE]`, `https://…`, `HOST:PORT` or `unix:/PATH`. Throws an `invalid` Problem. */
export function parseServer(server: string): ServerAddress {
  if (server.startsWith('unix:')) {
    const socketPath = server.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
    if (socketPath === '') throw badAddress(server);
    return { protocol: 'http:', host: 'localhost', port: 80, base: '', socketPath };
  }
  const text = /^[a-z]+:\/\//i.test(server) ? server : `http://${server}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw badAddress(server);
  const port = url.port ? Number(url.port) : url.protocol === 'https:' ? 443 : 80;
  return { protocol: url.protocol, host: url.hostname.replace(/^\[|\]$/g, ''), port, base: url.pathname.replace(/\/$/, '') };
}

const badAddress = (server: string): Problem =>
  new Problem('invalid', `--server ${server} is no address`, { hint: '--server http://HOST:PORT or --server unix:/PATH' });

/** The address of a server as logins are kept under it: what is written differently and is the same has one. */
export function serverKey({ protocol, host, port, base, socketPath }: ServerAddress): string {
  if (socketPath !== undefined) return `unix:${resolve(socketPath)}`;
  return `${protocol}//${host.includes(':') ? `[${host}]` : host.toLowerCase()}:${port}${base}`;
}

/** The field `Host` of a request: without the port that is usual. */
export function hostField({ host, port, protocol, socketPath }: ServerAddress): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return socketPath !== undefined || port === (protocol === 'https:' ? 443 : 80) ? name : `${name}:${port}`;
}
