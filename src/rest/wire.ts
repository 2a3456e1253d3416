/** One request to any server: HTTP/1.1 over kept-alive connections, with the trust of the command line and a limit on silence. */
import http from 'node:http';
import https from 'node:https';
import { pipeline } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { currentTrust, TrustedAgent, trustProblem } from '../cli/trust.ts';
import { Problem } from '../core/problem.ts';
import type { Exchange, Incoming, Outgoing } from './exchange.ts';
import type { Headers } from './header.ts';

export type WireOptions = {
  /** Milliseconds of silence after which nobody waits any longer, before the head and between two blocks; 0: for ever. */
  silence: number;
};

/** A carrier for `http:` and `https:`, and what lets go of its idle connections. */
export function openWire({ silence }: WireOptions): { exchange: Exchange; close(): void } {
  const agents: Record<string, http.Agent> = {};
  // HTTP_PROXY and NO_PROXY count, as they do for curl.
  const agentFor = (protocol: string): http.Agent => {
    agents[protocol] ??= protocol === 'https:' ? secureAgent() : new http.Agent({ keepAlive: true, proxyEnv: process.env });
    return agents[protocol];
  };
  return {
    exchange: (request) => send(request, agentFor(request.url.protocol), silence),
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

// Who demands a certain certificate speaks to the server itself, without a proxy.
function secureAgent(): https.Agent {
  const { authority, pins, isBlind } = currentTrust();
  const isUsual = authority === undefined && pins.length === 0 && !isBlind;
  return isUsual ? new https.Agent({ keepAlive: true, proxyEnv: process.env }) : new TrustedAgent(currentTrust());
}

function send({ method, url, headers, body }: Outgoing, agent: http.Agent, silence: number): Promise<Incoming> {
  return new Promise((resolve, reject) => {
    const length: Headers =
      body !== undefined ? { 'content-length': String(body.byteLength) } : needsLength(method) ? { 'content-length': '0' } : {};
    const options = { method, agent, headers: { 'accept-encoding': 'gzip, br', ...headers, ...length } };
    const outgoing = (url.protocol === 'https:' ? https : http).request(url, options);
    if (silence > 0) outgoing.setTimeout(silence, () => outgoing.destroy(new SilenceError(silence)));
    outgoing.on('error', (error) => reject(explain(error, url)));
    outgoing.once('response', (incoming) => resolve(received(incoming, url)));
    outgoing.end(body);
  });
}

const needsLength = (method: string): boolean => method === 'POST' || method === 'PUT' || method === 'PATCH';

function received(incoming: http.IncomingMessage, url: URL): Incoming {
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
  const status = incoming.statusCode ?? 0;
  const coding = headers['content-encoding'];
  const unpack = coding === 'gzip' ? createGunzip() : coding === 'br' ? createBrotliDecompress() : undefined;
  if (unpack !== undefined) {
    delete headers['content-encoding'];
    delete headers['content-length'];
  }
  // Errors of either stream arrive at the reader of the last one.
  const stream = unpack === undefined ? incoming : pipeline(incoming, unpack, () => {});
  return { url, status, headers, body: blocksOf(stream as AsyncIterable<Uint8Array>, url), abandon: () => void incoming.destroy() };
}

async function* blocksOf(stream: AsyncIterable<Uint8Array>, url: URL): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const block of stream) {
      bytes += block.byteLength;
      yield block;
    }
  } catch (error) {
    if (error instanceof SilenceError) throw explain(error, url);
    const detail = `${(error as Error).message}; ${bytes} bytes had arrived, and the result is not complete`;
    throw new Problem('unavailable', `the answer of ${url.host} broke off`, { detail, cause: error });
  }
}

class SilenceError extends Error {
  constructor(silence: number) {
    super(`nothing came for ${silence / 1000} s`);
  }
}

function explain(error: unknown, url: URL): Problem {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (error instanceof SilenceError) {
    return new Problem('unavailable', `${url.host} is silent`, { detail: message, hint: '--timeout SECONDS waits longer', cause: error });
  }
  const distrust = trustProblem(error, url.origin);
  if (distrust !== undefined) return distrust;
  const detail = message || code;
  const facts = code === 'ECONNRESET' || code === 'EPIPE' ? { isBroken: true } : {};
  return new Problem('unavailable', `nobody answers at ${url.host}`, { detail, facts, cause: error });
}
