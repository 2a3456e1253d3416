/** Addresses to listen on: how they are written, and which of them other machines reach. */
import { resolve } from 'node:path';
import { Problem } from './problem.ts';

/** Where to listen: TCP (port 0: any free one) or a Unix socket. */
export type ListenAddress = { kind: 'tcp'; host: string; port: number } | { kind: 'unix'; path: string };

/** Reads `HOST:PORT`, `[IPv6]:PORT`, `:PORT` and `PORT` (both on 127.0.0.1), or `unix:PATH`; `setting` is where it was written. */
export function parseListen(text: string, setting = 'server.listen'): ListenAddress {
  if (text.startsWith('unix:') && text.length > 5) return { kind: 'unix', path: resolve(text.slice(5)) };
  const match = /^(?:\[([0-9a-fA-F:.]+)\]:|([^:[\]/\s]*):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65535) {
    throw new Problem('invalid', `Weir cannot listen on ${JSON.stringify(text)}.`, {
      detail: 'expected HOST:PORT (IPv6 in brackets, port 0 for any free one) or unix:PATH',
      hint: '--listen 127.0.0.1:8080',
      pointer: setting,
    });
  }
  return { kind: 'tcp', host: match[1] || match[2] || '127.0.0.1', port };
}

/** True when only this machine can reach the address by TCP. A name other than localhost may resolve to anything. */
export function isLoopback(address: ListenAddress): boolean {
  if (address.kind === 'unix') return false;
  return address.host === 'localhost' || address.host === '::1' || /^127(\.\d{1,3}){3}$/.test(address.host);
}

/** What `checkExposure` is asked about: the address as it was written, the setting it stands in, and `server.insecureListen`. */
export type Exposure = { listen: string; setting?: string; insecureListen: boolean };

/**
 * Refuses an address that other machines reach while nobody needs to log in; `server.insecureListen` allows it. Returns
 * the warning to log in that case.
 */
export function checkExposure(address: ListenAddress, { listen, setting = 'server.listen', insecureListen }: Exposure): string | undefined {
  if (address.kind === 'unix' || isLoopback(address)) return undefined;
  if (insecureListen) return `${listen} is open to everyone who can reach it: no user is defined, and server.insecureListen allows that`;
  throw new Problem('denied', `Weir does not listen on ${listen} while it has no users.`, {
    detail:
      'other machines could read and change everything without a login; without users only this machine may come in (127.0.0.1, [::1] or unix:PATH)',
    hint: '--listen 127.0.0.1:8080 and an SSH tunnel, or --set server.insecureListen=true on a network where everyone is trusted',
    pointer: setting,
  });
}

/** The host to hand to Node: for `localhost` it might open a second server on ::1, which knows nothing of our limits. */
export const numericHost = (host: string): string => (host === 'localhost' ? '127.0.0.1' : host);

/** The address as a client writes it: `http://127.0.0.1:8080`. */
export const urlOf = (host: string, port: number, scheme: 'http' | 'https' = 'http'): string =>
  `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;

/** Why an address could not be opened, for the person who wrote it. */
export function listenProblem(address: ListenAddress, error: unknown, setting = 'server.listen'): unknown {
  if (error instanceof Problem) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const where = address.kind === 'unix' ? `unix:${address.path}` : `${address.host}:${address.port}`;
  const pointer = setting;
  if (code === 'EADDRINUSE')
    return new Problem('conflict', `${where} is taken by another process.`, { hint: '--listen 127.0.0.1:0 takes any free port', pointer });
  if (code === 'EACCES')
    return new Problem('denied', `This user may not listen on ${where}.`, { hint: 'ports below 1024 need CAP_NET_BIND_SERVICE', pointer });
  return new Problem('unavailable', `Weir cannot listen on ${where}.`, { detail: message, pointer, cause: error });
}
