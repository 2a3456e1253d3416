import { describe, expect, test } from 'vitest';
import { linkHeader } from './links.ts';
import { cursorLinks, offsetOf, pageLinks, pageOf, readCursor, writeCursor } from './paging.ts';
import { Problem } from './problem.ts';

const hrefs = (links: Record<string, { href: string }>) => Object.fromEntries(Object.entries(links).map(([rel, { href }]) => [rel, href]));

describe('numbered pages', () => {
  test('a page in the middle has neighbours on both sides', () => {
    const links = pageLinks('/f?page=2&per_page=10&filter=port%2053', { page: 2, per_page: 10 }, { hasMore: true, total: 35 });
    expect(hrefs(links)).toEqual({
      self: '/f?page=2&per_page=10&filter=port%2053',
      first: '/f?page=1&per_page=10&filter=port+53',
      prev: '/f?page=1&per_page=10&filter=port+53',
      next: '/f?page=3&per_page=10&filter=port+53',
      last: '/f?page=4&per_page=10&filter=port+53',
    });
  });

  test('the only page of an empty collection', () => {
    expect(Object.keys(pageLinks('/f', { page: 1, per_page: 10 }, { hasMore: false, total: 0 }))).toEqual(['self', 'first', 'last']);
  });

  test('a page far behind the end leads back to the last', () => {
    expect(pageLinks('/f?page=99', { page: 99, per_page: 10 }, { hasMore: false, total: 35 }).prev?.href).toBe('/f?page=4');
  });

  test('offset', () => expect(offsetOf({ page: 3, per_page: 50 })).toBe(100));
});

describe('a page of a list', () => {
  const keyOf = ({ id }: { id: number }) => id;
  const ids = (page: { items: { id: number }[] }) => page.items.map(keyOf);
  const list = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => ({ id: from + at }));
  const cursorIn = (href = '') => new URLSearchParams(href.split('?')[1]).get('cursor') ?? '';

  test('has numbers and links', () => {
    const page = pageOf(list(1, 25), '/f?page=2&per_page=10', { page: 2, per_page: 10 });
    expect([ids(page), page.total, page.links.next?.href]).toEqual([list(11, 20).map(keyOf), 25, '/f?page=3&per_page=10']);
  });

  test('goes on behind its last item, whatever came or went in front of it', () => {
    const first = pageOf(list(11, 40), '/f', { page: 1, per_page: 10 }, keyOf);
    expect(new URLSearchParams(first.links.next?.href.split('?')[1]).get('page')).toBe('2');
    const query = { page: 2, per_page: 10, cursor: cursorIn(first.links.next?.href) };
    expect(ids(pageOf(list(1, 40), '/f', query, keyOf))).toEqual(list(21, 30).map(keyOf));
    expect(ids(pageOf(list(15, 40), '/f', query, keyOf))).toEqual(list(21, 30).map(keyOf));
    const withoutLast = list(11, 40).filter(({ id }) => id !== 20);
    expect(ids(pageOf(withoutLast, '/f', query, keyOf))).toEqual(list(21, 30).map(keyOf));
  });

  test('behind the end is empty', () => {
    const cursor = writeCursor([99, 1000]);
    expect(pageOf(list(1, 5), '/f', { page: 1, per_page: 10, cursor }, keyOf).items).toEqual([]);
    expect(() => pageOf(list(1, 5), '/f', { page: 1, per_page: 10, cursor: 'x' }, keyOf)).toThrow(Problem);
  });
});

describe('cursors', () => {
  test('survive the way through a link', () => {
    const href = cursorLinks('/f?page=7&per_page=5', ['2015-01-01', '9007199254740993']).next?.href ?? '';
    const query = new URLSearchParams(href.split('?')[1]);
    expect([query.get('page'), query.get('per_page')]).toEqual([null, '5']);
    expect(readCursor(query.get('cursor') ?? '', 2)).toEqual(['2015-01-01', '9007199254740993']);
  });

  test('the last page has no next', () => expect(cursorLinks('/f', undefined)).toEqual({ self: { href: '/f' }, first: { href: '/f' } }));

  test.each(['', 'x', '%%%', writeCursor([1]), writeCursor([1, 2, 3]), Buffer.from('[1,{}]').toString('base64url')])(
    '%j is refused',
    (text) => {
      expect(() => readCursor(text, 2)).toThrow(Problem);
    },
  );
});

describe('the Link header', () => {
  test.each([
    [{ next: { href: '/f?page=2' } }, '</f?page=2>; rel="next"'],
    [{ a: { href: '/a', title: 'say "x"' }, b: { href: '/b' } }, '</a>; rel="a"; title="say \\"x\\"", </b>; rel="b"'],
    [{ a: { href: '/a', title: 'Fluß' } }, '</a>; rel="a"; title*=UTF-8\'\'Flu%C3%9F'],
    [{ a: { href: '/a%20b/é?x=%26&y=<1>' } }, '</a%20b/%C3%A9?x=%26&y=%3C1%3E>; rel="a"'],
    [{ seal: { href: '/seal', method: 'POST' } }, ''],
  ])('%o', (links, header) => expect(linkHeader(links)).toBe(header));
});
