/** Looks at a live server with requests that change nothing: GET, HEAD, OPTIONS, and one method that nobody allows. */
import { type Answer, Client, type Request } from '../cli/client.ts';
import { isDescription, isObject, type Json, parseDocument } from './description.ts';
import type { Finding } from './finding.ts';

/** A page of the server as it was read. */
export type Page = { path: string; status: number; headers: Answer['headers']; body: unknown; links: string[] };

/** What was found out about a server. */
export type Visit = { pages: Page[]; description: Json | undefined; findings: Finding[] };

/** Pages that are read at most, by following links from the first. */
const mostPages = 40;
/** Octets of one page that are read at most. */
const longestPage = 8 << 20;
/** Where descriptions usually are, when nobody links them. */
const usualPlaces = ['/openapi.json', '/openapi.yaml', '/swagger.json', '/v3/api-docs', '/api/openapi.json', '/api-docs'];

/** Visits the server at `url`: its description, if it has one, and the pages that links lead to. */
export async function visit(url: URL, headers: Record<string, string>): Promise<Visit> {
  const client = new Client(url.origin);
  const ask = (request: Request) =>
    read(client, { ...request, headers: { accept: 'application/json, */*;q=0.5', ...headers, ...request.headers } });
  try {
    const first = await ask({ path: url.pathname + url.search });
    if (isDescription(first.body)) return { pages: [], description: first.body, findings: [] };
    const pages = await follow(first, ask);
    const description = await findDescription(first, ask);
    const findings = [...checkPages(pages), ...(await checkManners(pages, ask))];
    return { pages, description, findings };
  } finally {
    client.close();
  }
}

type Ask = (request: Request) => Promise<Page>;

async function read(client: Client, request: Request): Promise<Page> {
  const answer = await client.exchange(request);
  const isData = /[/+](json|yaml)\b/.test(answer.headers['content-type'] ?? '');
  // Streams that never end, and pictures, have nothing for this.
  const text = isData ? await beginningOf(client, answer) : '';
  if (!isData) answer.abandon();
  const body = isData ? await parseDocument(text, request.path).catch(() => undefined) : undefined;
  return {
    path: request.path,
    status: answer.status,
    headers: answer.headers,
    body,
    links: linksOf(answer.headers.link, body, client.server),
  };
}

/** The text of an answer, cut where it becomes too long to be a page. */
async function beginningOf(client: Client, answer: Answer): Promise<string> {
  const blocks: Uint8Array[] = [];
  let octets = 0;
  for await (const block of client.blocks(answer)) {
    blocks.push(block);
    octets += block.length;
    if (octets > longestPage) break;
  }
  return Buffer.concat(blocks).toString();
}

async function findDescription(first: Page, ask: Ask): Promise<Json | undefined> {
  const linked = describedBy(first.headers.link) ?? describedBy(first.body);
  for (const path of linked === undefined ? usualPlaces : [linked]) {
    const { status, body } = await ask({ path });
    if (status === 200 && isDescription(body)) return body;
  }
  return undefined;
}

/** The relation `service-desc` (RFC 8631), in a header or in a body. */
function describedBy(from: unknown): string | undefined {
  if (typeof from === 'string') return /<([^>]+)>[^,]*rel="?service-desc"?/.exec(from)?.[1];
  const links = isObject(from) ? (from.links ?? from._links) : undefined;
  const link = isObject(links) ? links['service-desc'] : undefined;
  return isObject(link) && typeof link.href === 'string' ? link.href : undefined;
}

async function follow(first: Page, ask: Ask): Promise<Page[]> {
  const pages = [first];
  const known = new Set([first.path]);
  for (const page of pages) {
    for (const path of page.links) {
      if (pages.length >= mostPages) return pages;
      if (known.has(path)) continue;
      known.add(path);
      pages.push(await ask({ path }));
    }
  }
  return pages;
}

/** Addresses on the same server that a GET may follow. */
function linksOf(header: string | string[] | undefined, body: unknown, origin: string): string[] {
  const found: string[] = [];
  for (const [, href = ''] of String(header ?? '').matchAll(/<([^>]*)>/g)) found.push(href);
  collect(body, found, 0);
  const base = URL.canParse(origin) ? origin : 'http://localhost';
  return [...new Set(found)].flatMap((href) => {
    if (/[{}]/.test(href) || !URL.canParse(href, base)) return [];
    const url = new URL(href, base);
    return url.origin === new URL(base).origin ? [url.pathname + url.search] : [];
  });
}

function collect(value: unknown, found: string[], depth: number): void {
  if (depth > 6 || found.length > 500 || typeof value !== 'object' || value === null) return;
  const { href, method } = value as { href?: unknown; method?: unknown };
  if (typeof href === 'string' && (method === undefined || method === 'GET')) found.push(href);
  for (const part of Object.values(value)) collect(part, found, depth + 1);
}

function checkPages(pages: readonly Page[]): Finding[] {
  return pages.flatMap(({ path, status, headers, body, links }) => {
    const place = `GET ${path}`;
    const findings: Finding[] = [];
    if (status === 404 || status === 410 || status >= 500)
      findings.push({ ...atLevel(3), rule: 'dead-link', place, text: `a link leads here, and the answer is ${status}` });
    const isDocument = status === 200 && typeof body === 'object' && body !== null && !isDescription(body);
    if (isDocument && links.length === 0)
      findings.push({
        ...atLevel(3),
        rule: 'no-links',
        place,
        text: 'the answer has no links: neither a member (links, _links) nor the header Link',
      });
    if (isDocument && headers.etag === undefined && !/no-store/.test(headers['cache-control'] ?? '')) {
      findings.push({
        ...atLevel(3),
        isFault: false,
        rule: 'no-etag',
        place,
        text: 'no ETag: whoever reads it again has to fetch all of it',
      });
    }
    return findings;
  });
}

/** What every server should do with what it does not know. */
async function checkManners(pages: readonly Page[], ask: Ask): Promise<Finding[]> {
  const findings: Finding[] = [];
  const known = pages.find(({ status, body }) => status === 200 && body !== undefined);
  const nowhere = await ask({ path: '/no/such/thing/anywhere-4711' });
  if (nowhere.status !== 404 && nowhere.status !== 401 && nowhere.status !== 403) {
    findings.push({
      ...atLevel(2),
      rule: 'not-404',
      place: 'GET /no/such/thing',
      text: `what does not exist is answered with ${nowhere.status}, not 404`,
    });
  } else if (!/problem\+json/.test(nowhere.headers['content-type'] ?? '')) {
    findings.push({
      ...atLevel(2),
      isFault: false,
      rule: 'no-problem-details',
      place: 'GET /no/such/thing',
      text: 'errors are not application/problem+json (RFC 9457)',
    });
  }
  if (known === undefined) return findings;
  // A word that is no method of anybody's: whatever the server thinks of it, nothing is changed.
  const odd = await ask({ method: 'TRACE', path: known.path });
  if (odd.status === 405 && odd.headers.allow === undefined) {
    findings.push({
      ...atLevel(2),
      rule: '405-without-allow',
      place: `TRACE ${known.path}`,
      text: '405 has to name the methods that work in Allow (RFC 9110 section 15.5.6)',
    });
  } else if (odd.status < 400) {
    findings.push({
      ...atLevel(2),
      rule: 'not-405',
      place: `TRACE ${known.path}`,
      text: `a method that means nothing here is answered with ${odd.status}, not 405`,
    });
  }
  const head = await ask({ method: 'HEAD', path: known.path });
  if (head.status !== known.status) {
    findings.push({
      ...atLevel(2),
      isFault: false,
      rule: 'no-head',
      place: `HEAD ${known.path}`,
      text: `GET gives ${known.status}, HEAD ${head.status}`,
    });
  }
  const { etag } = known.headers;
  if (etag !== undefined && (await ask({ path: known.path, headers: { 'if-none-match': etag } })).status !== 304) {
    findings.push({
      ...atLevel(3),
      isFault: false,
      rule: 'no-304',
      place: `GET ${known.path}`,
      text: 'If-None-Match with its own ETag does not give 304',
    });
  }
  return findings;
}

const atLevel = <L extends 2 | 3>(level: L) => ({ level, isFault: true });
