/** Pages, single flows, methods and pollers: what clients of the flows rely on besides the stream. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lanlRows } from '../../bench/lanl-rows.ts';
import { type Problem, RunningServer, runWeir } from './running-server.ts';

const rows = (count: number, seed: number): Buffer => Buffer.concat([...lanlRows({ rows: count, days: 2, seed })]);

let server: RunningServer;

beforeAll(async () => {
  server = await RunningServer.start();
  await server.imported(rows(2345, 1));
});
afterAll(() => server.stop());

type Flow = { id: number; time: number };
type Page = { items: Flow[]; links: Record<string, { href: string }> };

/** Follows the Link headers named next, and gives every row on the way. */
const walk = async (start: string): Promise<Flow[]> => {
  const found: Flow[] = [];
  for (let path: string | undefined = start; path !== undefined; ) {
    const answer = await server.get(path);
    const page = (await answer.json()) as Page;
    found.push(...page.items);
    const next: string | undefined = /<([^>]+)>; rel="?next"?/.exec(answer.headers.get('link') ?? '')?.[1];
    expect(next?.slice(server.url.length)).toBe(page.links.next?.href);
    path = page.links.next?.href;
  }
  return found;
};

describe('pages', () => {
  test.each(['', '&order=-time', '&filter=proto+tcp'])('the links named next lead over every row exactly once (%s)', async (words) => {
    const walked = await walk(`/api/v1/flows?per_page=500${words}`);
    const streamed = await server.json<Flow[]>(`/api/v1/stream/flows?fields=id,time${words}`);
    expect(walked.map(({ id, time }) => ({ id, time }))).toEqual(streamed);
  });

  test.each(['', '&order=-time'])('nothing is missed or seen twice although flows arrive in front meanwhile (%s)', async (words) => {
    const before = (await server.json<Flow[]>(`/api/v1/stream/flows?fields=id,time${words}`)).map(({ id }) => id);
    const walked: number[] = [];
    for (let path: string | undefined = `/api/v1/flows?per_page=900&fields=protocol,id${words}`; path !== undefined; ) {
      const page: Page = await server.json<Page>(path);
      expect(Object.keys(page.items[0] ?? {})).toEqual(['protocol', 'id']);
      walked.push(...page.items.map(({ id }) => id));
      path = page.links.next?.href;
      if (walked.length === 900) await server.imported(rows(400, words.length + 7));
    }
    expect(walked.filter((id) => before.includes(id))).toEqual(before);
  });

  test.each(['cursor=x', `cursor=${Buffer.from('["a",1]').toString('base64url')}`, `cursor=${Buffer.from('[1]').toString('base64url')}`])(
    '%s, which no page gave, is refused',
    async (query) => {
      const answer = await server.get(`/api/v1/flows?${query}`);
      expect({ status: answer.status, ...((await answer.json()) as Problem) }).toMatchObject({ status: 400, pointer: 'cursor' });
    },
  );

  test('a page behind the end is empty', async () => {
    expect(await server.json('/api/v1/flows', { page: 500 })).toMatchObject({ items: [], page: 500 });
  });

  test.each(['page=0', 'page=x', 'per_page=0', 'per_page=100000', 'pag=2'])('%s is refused', async (query) => {
    expect((await server.get(`/api/v1/flows?${query}`)).status).toBe(400);
  });
});

test('imports come the latest last, or first', async () => {
  type Imports = { items: { id: number }[]; links: Record<string, { href: string }> };
  const ids = async (query: string): Promise<number[]> => (await server.json<Imports>(`/api/v1/imports${query}`)).items.map(({ id }) => id);
  await server.imported(rows(10, 99));
  const all = await ids('');
  expect(all.length).toBeGreaterThan(1);
  expect(all).toEqual(all.toSorted((a, b) => a - b));
  expect(await ids('?order=-id')).toEqual(all.toReversed());
  const { links } = await server.json<Imports>('/api/v1/imports?order=-id&per_page=1');
  expect(await ids(new URL(links.next?.href ?? '', server.url).search)).toEqual([all.at(-2)]);
});

test('a filter may be as long as its language allows', async () => {
  const ports = Array.from({ length: 2500 }, (_, at) => 1000 + at).join(' ');
  const filter = `port in [${ports}]`;
  expect(filter.length).toBeGreaterThan(12_000);
  expect(await server.json('/api/v1/flows/summary', { filter })).toMatchObject({ flows: expect.any(Number) });
});

describe('one flow', () => {
  test('is found by its id', async () => {
    const [flow] = await server.json<Flow[]>('/api/v1/stream/flows', { limit: 1, fields: 'all' });
    expect(await server.json(`/api/v1/flows/${flow?.id}`)).toEqual(flow);
  });

  test.each([
    ['99999999', 404, 'not-found'],
    ['9007199254740991', 404, 'not-found'],
    ['none', 400, 'invalid'],
    ['-1', 400, 'invalid'],
  ])('%s is a %i', async (id, status, code) => {
    const answer = await server.get(`/api/v1/flows/${id}`);
    expect({ status: answer.status, code: ((await answer.json()) as Problem).code }).toEqual({ status, code });
  });
});

describe('methods', () => {
  const paths = ['/api/v1/stream/flows', '/api/v1/stream/flows.csv', '/api/v1/flows', '/api/v1/flows/summary', '/api/v1/imports'];

  test.each(paths)('HEAD %s has the headers of GET and no body', async (path) => {
    const [head, get] = [await server.get(path, {}, { method: 'HEAD' }), await server.get(path)];
    expect(head.status).toBe(200);
    expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
    expect(await head.text()).toBe('');
    await get.arrayBuffer();
  });

  test.each(paths)('OPTIONS %s tells what is allowed', async (path) => {
    const answer = await server.get(path, {}, { method: 'OPTIONS' });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('allow')).toMatch(/GET.*HEAD.*OPTIONS/);
  });

  test.each(paths)('PUT %s is a 405 that tells what is allowed', async (path) => {
    const answer = await server.get(path, {}, { method: 'PUT', body: 'x' });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toContain('GET');
    expect(await answer.json()).toMatchObject({ code: 'method-not-allowed' });
  });
});

test('who polls with ingested_after sees every row exactly once, however old its time is', async () => {
  const seen = new Map<number, number>();
  let latest = '';
  const pollAll = async (): Promise<number> => {
    const words = { ...(latest && { ingested_after: latest }), fields: 'id' };
    const answer = await server.get('/api/v1/stream/flows', words);
    // The last commit that the answer has seen: what the next poll asks to be later than.
    latest = answer.headers.get('x-weir-ingested-until') ?? '';
    const arrived = (await answer.json()) as { id: number }[];
    for (const { id } of arrived) seen.set(id, (seen.get(id) ?? 0) + 1);
    return arrived.length;
  };
  expect(await pollAll()).toBe((await server.summary()).flows);
  expect(await pollAll()).toBe(0);
  for (const seed of [2, 3]) {
    const { flows } = await server.imported(rows(700, seed));
    expect(await pollAll()).toBe(flows);
    await fetch(server.address('/api/v1/flows/seal'), { method: 'POST' });
    expect(await pollAll()).toBe(0);
  }
  expect(seen.size).toBe((await server.summary()).flows);
  expect(new Set(seen.values())).toEqual(new Set([1]));
});

test('a second process on the same data is told who holds it', async () => {
  for (const words of [['serve'], ['check']]) {
    const { code, stderr } = await runWeir(words, server.folder).ended;
    expect(code).toBe(6);
    expect(stderr).toContain(`process ${server.pid}`);
  }
  expect(server.isAlive).toBe(true);
});
