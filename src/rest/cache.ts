/**
 * Answers that are kept to be asked for again by their ETag or date (RFC 9110 section 13): a 304 costs nothing of GitHub's
 * rate limit. Nothing is ever served without asking. Files are for their owner only, since answers may be private.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { bodyOf, type Exchange, type Incoming, type Outgoing } from './exchange.ts';
import type { Headers } from './header.ts';

/** Octets of one answer, and of all of them, at most. */
const largestAnswer = 8 << 20;
const largestCache = 64 << 20;
const largestCount = 1000;

/** `$XDG_CACHE_HOME/weir/rest` (XDG Base Directory Specification), `~/.cache/weir/rest` where that is unset. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const root = env.XDG_CACHE_HOME?.startsWith('/') ? env.XDG_CACHE_HOME : join(env.HOME || homedir(), '.cache');
  return join(root, 'weir', 'rest');
}

type Kept = { url: string; headers: Headers; body: Buffer };

/** An exchange that asks with what it has kept. A cache that cannot be read or written is as good as none. */
export function caching(exchange: Exchange, folder: string): Exchange {
  return async (request) => {
    if (request.method !== 'GET' || isConditional(request.headers)) return exchange(request);
    const file = join(folder, nameOf(request));
    const kept = await readKept(file, request.url);
    const answer = await exchange(kept ? { ...request, headers: { ...request.headers, ...conditionsOf(kept.headers) } } : request);
    if (kept && answer.status === 304) return refreshed(file, kept, answer);
    if (!mayKeep(answer)) return answer;
    return {
      ...answer,
      body: keeping(answer, (body) => writeKept(folder, file, { url: String(request.url), headers: answer.headers, body })),
    };
  };
}

const isConditional = (headers: Headers): boolean =>
  ['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since', 'range'].some((name) => name in headers);

// All headers of the request count: an answer to one user, in one language or format, is none to another.
const nameOf = ({ url, headers }: Outgoing): string =>
  createHash('sha256')
    .update(JSON.stringify([String(url), Object.entries(headers).sort(([one], [other]) => (one < other ? -1 : 1))]))
    .digest('hex');

function conditionsOf({ etag, 'last-modified': modified }: Headers): Headers {
  if (etag !== undefined) return { 'if-none-match': etag };
  return modified === undefined ? {} : { 'if-modified-since': modified };
}

const mayKeep = ({ status, headers }: Incoming): boolean =>
  status === 200 &&
  (headers.etag !== undefined || headers['last-modified'] !== undefined) &&
  !/\bno-store\b/i.test(headers['cache-control'] ?? '') &&
  headers.vary !== '*' &&
  Number(headers['content-length'] ?? 0) <= largestAnswer;

async function* keeping(answer: Incoming, keep: (body: Buffer) => Promise<void>): AsyncGenerator<Uint8Array> {
  const blocks: Uint8Array[] = [];
  let size = 0;
  for await (const block of answer.body) {
    size += block.byteLength;
    if (size <= largestAnswer) blocks.push(block);
    yield block;
  }
  if (size <= largestAnswer) await keep(Buffer.concat(blocks));
}

async function refreshed(file: string, kept: Kept, answer: Incoming): Promise<Incoming> {
  for await (const _ of answer.body); // nothing by RFC 9110; the connection is free again only at its end
  const now = new Date();
  await utimes(file, now, now).catch(() => {});
  const { 'content-length': _, ...news } = answer.headers;
  // RFC 9111 section 4.3.4: what the 304 says replaces what was kept.
  return {
    ...answer,
    status: 200,
    headers: { ...kept.headers, ...news, 'x-weir-cache': 'revalidated' },
    body: bodyOf(kept.body),
    abandon: () => {},
  };
}

// A line of JSON, then the body.
async function readKept(file: string, url: URL): Promise<Kept | undefined> {
  try {
    const bytes = await readFile(file);
    const end = bytes.indexOf(10);
    const head = JSON.parse(bytes.toString('utf8', 0, end)) as { url: string; headers: Headers; length: number };
    const body = bytes.subarray(end + 1);
    return head.url === String(url) && body.length === head.length && head.headers ? { ...head, body } : undefined;
  } catch {
    return undefined; // not there, or not whole: asked for as if for the first time
  }
}

async function writeKept(folder: string, file: string, { url, headers, body }: Kept): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { 'set-cookie': _, ...plain } = headers;
    const draft = `${file}.${process.pid}`;
    await writeFile(draft, [Buffer.from(`${JSON.stringify({ url, headers: plain, length: body.length })}\n`), body], {
      mode: 0o600,
      flag: 'wx',
    });
    await rename(draft, file);
    await trim(folder);
  } catch {
    // A full or read-only disk is no reason to fail: the answer is already on its way to the reader.
  }
}

async function trim(folder: string): Promise<void> {
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const path = join(folder, name);
      const { size, mtimeMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }));
      return { path, size, mtimeMs };
    }),
  );
  let total = 0;
  for (const [at, { path, size }] of files.sort((one, other) => other.mtimeMs - one.mtimeMs).entries()) {
    total += size;
    if (total > largestCache || at >= largestCount) await rm(path, { force: true });
  }
}
