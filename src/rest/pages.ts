/** All pages of a collection, along the `Link` header (RFC 8288). */
import { Problem } from '../core/problem.ts';
import { documentOf } from './document.ts';
import { type Exchange, type Incoming, type Outgoing, readBody } from './exchange.ts';
import { linkTarget } from './header.ts';
import { refusalOf } from './refusal.ts';

/** Octets of one page, and of all that are joined, at most. */
const largestPage = 64 << 20;
const largestWhole = 512 << 20;

/** One page: its answer, and the JSON text of it. */
export type Page = { answer: Incoming; text: string; next: URL | undefined };

/** Each page in turn, up to `limit` of them. Throws Problem when a page is refused, is no JSON, or leads to another server or back. */
export async function* pagesOf(exchange: Exchange, request: Outgoing, limit = Number.POSITIVE_INFINITY): AsyncGenerator<Page> {
  const seen = new Set<string>();
  let next: URL | undefined = request.url;
  for (let count = 0; next !== undefined && count < limit; count++) {
    if (seen.has(next.href)) throw new Problem('unavailable', `${next.host} leads from page to page in a circle`, { detail: next.href });
    seen.add(next.href);
    const answer: Incoming = await exchange({ ...request, url: next });
    if (answer.status >= 400) throw await refusalOf(answer);
    const bytes = await readBody(answer, largestPage);
    if (bytes === undefined)
      throw new Problem('too-large', `a page of ${next.host} is larger than 64 MiB`, { hint: 'per_page=… makes pages smaller' });
    next = nextOf(answer);
    yield { answer, text: bytes.toString('utf8'), next };
  }
}

function nextOf({ headers, url }: Incoming): URL | undefined {
  const target = linkTarget(headers.link, 'next');
  if (target === undefined) return undefined;
  const next = URL.canParse(target, url.href) ? new URL(target, url) : undefined;
  if (next?.origin === url.origin) return next;
  throw new Problem('denied', `the next page of ${url.host} is not on ${url.host}`, { detail: target.slice(0, 200) });
}

/** The pages as one document: arrays behind one another, objects with their list (`items`) joined and all else of the first. */
export async function joinPages(pages: AsyncIterable<Page>): Promise<{ answer: Incoming; text: string } | undefined> {
  let first: { page: Page; document: unknown; list: unknown[] } | undefined;
  let octets = 0;
  for await (const page of pages) {
    const document = documentOf(page.text, page.answer.url);
    octets += page.text.length;
    if (octets > largestWhole)
      throw new Problem('too-large', 'the pages together are larger than 512 MiB', { hint: '--ndjson prints them as they come' });
    const list = listOf(document);
    if (list === undefined && (first !== undefined || page.next !== undefined)) {
      throw new Problem('unavailable', `a page of ${page.answer.url.host} holds no list`, { hint: 'without --paginate, or with --ndjson' });
    }
    if (first === undefined) first = { page, document, list: list ?? [] };
    else for (const item of list as unknown[]) first.list.push(item);
  }
  return first && { answer: first.page.answer, text: writeJson(first.document) };
}

/** The list that a document is, or has as its one member that is a list (or as `items`). */
export function listOf(document: unknown): unknown[] | undefined {
  if (Array.isArray(document)) return document;
  if (typeof document !== 'object' || document === null) return undefined;
  const { items } = document as { items?: unknown };
  if (Array.isArray(items)) return items;
  const lists = Object.values(document).filter(Array.isArray);
  return lists.length === 1 ? lists[0] : undefined;
}

const { rawJSON: rawJson } = JSON as unknown as { rawJSON: (text: string) => unknown };

/** JSON whose integers beyond 2^53 are the digits that came. */
export const writeJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, (_name, part: unknown) => (typeof part === 'bigint' ? rawJson(String(part)) : part), indent);
