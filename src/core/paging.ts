import { type Static, type TSchema, Type } from 'typebox';
import { type Links, linksSchema } from './links.ts';
import { largestPage } from './page-size.ts';
import { Problem } from './problem.ts';

/** The query parameters of a collection that is read in pages; mix into the query schema of a route with `...pageQuery`. */
export const pageQuery = {
  page: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 1,
    description: 'Which page, from 1. Collections that grow at the front shift: follow `next` instead.',
  }),
  per_page: Type.Integer({ minimum: 1, maximum: largestPage, default: 100, description: 'Items on a page.' }),
  cursor: Type.Optional(
    Type.String({ maxLength: 512, description: 'Where to go on, as the link `next` of the page before has it. Wins over `page`.' }),
  ),
};
const pageSchema = Type.Object(pageQuery);
export type PageQuery = Static<typeof pageSchema>;

/** How many items lie before this page. */
export const offsetOf = ({ page, per_page }: PageQuery): number => (page - 1) * per_page;

/** What is known about the pages around this one. */
export type PageFacts = {
  /** True when at least one item follows. */
  hasMore: boolean;
  /** All items, when counting them was cheap: then there is a link `last`. */
  total?: number;
  /** What the next page starts after, where it can be told: then the link `next` has it as a cursor, too. */
  cursor?: CursorValue | undefined;
};

/** The links `self`, `first`, `prev`, `next` and `last` of a numbered page (RFC 8288 relations); `url` is that of the request. */
export function pageLinks(url: string, { page, per_page }: PageQuery, { hasMore, total, cursor }: PageFacts): Links {
  const at = (number: number, after?: CursorValue) => ({
    href: withParameters(url, { page: String(number), cursor: after && writeCursor(after) }),
  });
  const last = total === undefined ? undefined : Math.max(1, Math.ceil(total / per_page));
  return {
    self: { href: url },
    first: at(1),
    ...(page > 1 && { prev: at(last === undefined ? page - 1 : Math.min(page - 1, last)) }),
    ...(hasMore && { next: at(page + 1, cursor) }),
    ...(last !== undefined && { last: at(last) }),
  };
}

/** One page of a list that is in memory. */
export type Page<Item> = { items: Item[]; page: number; per_page: number; total: number; links: Links };

/** The schema of a `Page` with these items. */
export const pageSchemaOf = <Item extends TSchema>(item: Item) =>
  Type.Object({ items: Type.Array(item), page: Type.Integer(), per_page: Type.Integer(), total: Type.Integer(), links: linksSchema });

/**
 * The page of a list that a query asks for. With `keyOf`, which tells items apart, the link `next` also has a cursor: whoever follows it
 * misses nothing and sees nothing twice, although items come and go in front of it.
 */
export function pageOf<Item>(all: readonly Item[], url: string, query: PageQuery, keyOf?: (item: Item) => string | number): Page<Item> {
  const { page, per_page, cursor } = query;
  const begin = cursor === undefined || keyOf === undefined ? offsetOf(query) : placeBehind(all, cursor, keyOf);
  const items = all.slice(begin, begin + per_page);
  const end = begin + items.length;
  const last = items.at(-1);
  const behind: CursorValue | undefined = keyOf === undefined || last === undefined ? undefined : [keyOf(last), end];
  const links = pageLinks(url, query, { hasMore: end < all.length, total: all.length, cursor: behind });
  return { items, page, per_page, total: all.length, links };
}

/** Where the list goes on behind the item that a cursor names; behind its place of then where the item is gone. */
function placeBehind<Item>(all: readonly Item[], cursor: string, keyOf: (item: Item) => string | number): number {
  const [key, place] = readCursor(cursor, 2);
  const at = all.findIndex((item) => keyOf(item) === key);
  if (at !== -1) return at + 1;
  // What was taken away in front of it moved the rest up by one.
  return Math.max(0, Number(place) - 1 || 0);
}

/** The links `self`, `first` and `next` of a page that is found by a cursor; `next` is what the following page starts after. */
export function cursorLinks(url: string, next: CursorValue | undefined): Links {
  return {
    self: { href: url },
    first: { href: withParameters(url, { page: undefined, cursor: undefined }) },
    ...(next !== undefined && { next: { href: withParameters(url, { page: undefined, cursor: writeCursor(next) }) } }),
  };
}

/** What a cursor holds: the sort key of the last item seen. Integers beyond 2^53 go as text. */
export type CursorValue = readonly (string | number)[];

/** A cursor for a URL. Callers treat it as opaque; it is base64url of JSON and carries no authority. */
export const writeCursor = (value: CursorValue): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What `writeCursor` wrote, `length` items long; Problem('invalid') for anything else. */
export function readCursor(text: string, length: number): CursorValue {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (Array.isArray(value) && value.length === length && value.every((item) => typeof item === 'string' || typeof item === 'number'))
      return value;
  } catch {
    // Not even JSON: the same complaint as below.
  }
  throw foreignCursor();
}

/** A cursor that was not written for this list. */
export const foreignCursor = (): Problem =>
  new Problem('invalid', 'The cursor is not one that this server gave.', {
    hint: 'start without cursor, then follow the links named next',
    pointer: 'cursor',
  });

/** The URL with some query parameters set, or removed when undefined; the others keep their order. */
function withParameters(url: string, changes: Record<string, string | undefined>): string {
  const [path = '', query = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) parameters.delete(name);
    else parameters.set(name, value);
  }
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}
