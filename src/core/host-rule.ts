/**
 * Keeps web pages away from a server that trusts its own machine. A page of another site can make a browser on this
 * machine send requests to 127.0.0.1, either plainly (then `Origin` or `Sec-Fetch-Site` names the other site) or
 * through a name of its own that it points to 127.0.0.1 (DNS rebinding: then `Host` carries that name).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from './problem.ts';

/** What of a request shows where it comes from. */
export type Arrival = { method: string; headers: IncomingHttpHeaders };

/** Whose requests are let in, besides those of this machine's own names. */
export type HostRule = {
  /** Names for `Host`, in lower case. */
  names: ReadonlySet<string>;
  /** Pages of other sites, by their `Origin`. */
  origins?: ReadonlySet<string>;
};

/** Why a request is not let in (`denied`), or undefined when it is. */
export function foreignness({ method, headers }: Arrival, { names, origins }: HostRule): Problem | undefined {
  const { host, origin } = headers;
  if (host !== undefined && !isLocalName(host, names)) return foreignHost(host);
  if (origin !== undefined && origins?.has(origin) === true) return undefined;
  if (origin !== undefined && !isSameOrigin(origin, host)) return foreignOrigin(origin);
  return isCrossSite(method, headers) ? foreignOrigin('another site') : undefined;
}

/** True for `localhost`, `127.x.y.z` and `[::1]`, with or without a port, and for the names that the configuration allows. */
export function isLocalName(host: string, allowed: ReadonlySet<string>): boolean {
  const name = host.replace(/:\d*$/, '').toLowerCase();
  return name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name) || allowed.has(name);
}

// The page must come from this very server: even another port of this machine may be a page of someone else's making.
function isSameOrigin(origin: string, host: string | undefined): boolean {
  return host !== undefined && /^https?:\/\//.test(origin) && origin.slice(origin.indexOf('//') + 2).toLowerCase() === host.toLowerCase();
}

// A link that a person follows from elsewhere is a GET navigation and shows its answer to that person only.
function isCrossSite(method: string, headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== 'cross-site' && site !== 'same-site') return false;
  return !(headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document' && (method === 'GET' || method === 'HEAD'));
}

const foreignHost = (host: string) =>
  new Problem('denied', 'This server answers only to names of this machine.', {
    detail: `expected Host localhost or 127.0.0.1, got ${host}`,
    hint: 'add the name to the setting server.hostNames if it is yours',
    pointer: 'host',
  });

const foreignOrigin = (origin: string) =>
  new Problem('denied', 'Pages of other sites may not use this server.', { detail: `the request comes from ${origin}`, pointer: 'origin' });
