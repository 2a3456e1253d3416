/** Where a request goes: a path on the Weir of `--server`, or any URL. Gives the exchange that carries it and what is sent in any case. */
import { Client } from '../cli/client.ts';
import { Problem } from '../core/problem.ts';
import { version } from '../core/version.ts';
import { cacheFolder, caching } from './cache.ts';
import { githubHeaders, isGithub, tokenFor } from './credentials.ts';
import type { Exchange, Incoming } from './exchange.ts';
import type { Headers } from './header.ts';
import { following } from './redirect.ts';
import { retrying } from './retry.ts';
import { openWire } from './wire.ts';

export type TargetOptions = {
  server: string;
  quiet?: boolean | undefined;
  /** Name of the variable that holds the token. */
  tokenEnv?: string | undefined;
  retries: number;
  /** Seconds. */
  maxWait: number;
  /** Seconds; undefined: a minute for URLs, for ever for paths, whose streams may rest. */
  timeout?: number | undefined;
  cache: boolean;
};

/** An open way to one server. */
export type Target = {
  url: URL;
  /** What is sent unless the command line says otherwise. */
  headers: Headers;
  exchange: Exchange;
  close(): void;
};

/** Opens the way to a path or a URL. Throws Problem('invalid') for what is neither. */
export function openTarget(word: string, options: TargetOptions): Target {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(word) ? openUrl(readUrl(word), options) : openPath(word, options);
}

/** Opens the way to any server; `isHub`: it takes the headers of GitHub's API. */
export function openUrl(url: URL, options: TargetOptions, isHub = isGithub(url)): Target {
  const wire = openWire({ silence: (options.timeout ?? 60) * 1000 });
  const token = tokenFor(url, options.tokenEnv);
  const sure = retried(following(wire.exchange), options);
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  bare.hash = '';
  const headers = {
    accept: 'application/json, */*;q=0.5',
    'user-agent': `weir/${version}`,
    ...(isHub ? githubHeaders : {}),
    ...(token !== undefined ? { authorization: `Bearer ${token}` } : basicOf(url)),
  };
  return { url: bare, headers, exchange: options.cache ? caching(sure, cacheFolder()) : sure, close: wire.close };
}

function basicOf({ username, password }: URL): Headers {
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function readUrl(word: string): URL {
  const url = URL.canParse(word) ? new URL(word) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw new Problem('invalid', `${word} is no URL`, { hint: 'https://HOST/PATH, or /PATH on the server' });
}

function openPath(word: string, options: TargetOptions): Target {
  const client = new Client(options.server);
  const origin = /^https?:\/\//.test(options.server) ? new URL(options.server).origin : 'http://localhost';
  const path = word.startsWith('/') ? word : `/${word}`;
  const url = URL.canParse(`${origin}${path}`) ? new URL(`${origin}${path}`) : undefined;
  if (url === undefined) throw new Problem('invalid', `${word} is no path`, { hint: 'such as /api/v1/flows?per_page=5' });
  const token = options.tokenEnv === undefined ? undefined : tokenFor(url, options.tokenEnv);
  return {
    url,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    exchange: retried(clientExchange(client, options.timeout), options),
    close: () => client.close(),
  };
}

const clientExchange =
  (client: Client, timeout: number | undefined): Exchange =>
  async ({ method, url, headers, body }): Promise<Incoming> => {
    const path = `${url.pathname}${url.search}`;
    const signal = timeout === undefined ? undefined : AbortSignal.timeout(timeout * 1000);
    const length: Headers = body === undefined ? {} : { 'content-length': String(body.byteLength) };
    const answer = await client.exchange({
      method,
      path,
      headers: { ...headers, ...length },
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
    });
    const known = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)]));
    return { url, status: answer.status, headers: known, body: client.blocks(answer), abandon: answer.abandon };
  };

const retried = (exchange: Exchange, { retries, maxWait, quiet }: TargetOptions): Exchange =>
  retrying(exchange, {
    retries,
    longestPause: maxWait,
    now: Date.now,
    pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    onPause: (text) => void (quiet || process.stderr.write(`${text}\n`)),
  });
