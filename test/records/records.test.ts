import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type House, openHouse } from './house.ts';

const run = promisify(execFile);
let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const base = '/api/v1/records/todos';
const send = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const init =
    body === undefined
      ? { method, headers }
      : {
          method,
          headers: { 'content-type': 'application/json', ...headers },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        };
  const answer = await fetch(house.url + path, init);
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, json: () => JSON.parse(text) };
};

const milk = { userId: 1, title: 'Buy milk', completed: false };

for (const path of ['/todos', base]) {
  describe(`records at ${path}`, () => {
    test('are made, read, replaced, changed and removed', async () => {
      const made = await send('POST', path, milk);
      expect([made.status, made.json()]).toEqual([201, { ...milk, id: 1 }]);
      expect(Object.keys(made.json()).at(-1)).toBe('id');
      expect(made.headers.get('location')).toBe(`${path}/1`);
      expect((await send('GET', `${path}/1`)).json()).toEqual({ ...milk, id: 1 });
      const put = await send('PUT', `${path}/1`, { userId: 1, title: 'Wash car' });
      expect([put.status, put.json()]).toEqual([200, { userId: 1, title: 'Wash car', id: 1 }]);
      const patch = await send('PATCH', `${path}/1`, { title: 'Mow lawn', userId: null });
      expect([patch.status, patch.json()]).toEqual([200, { title: 'Mow lawn', id: 1 }]);
      const gone = await send('DELETE', `${path}/1`);
      expect([gone.status, gone.json()]).toEqual([200, {}]);
      expect((await send('DELETE', `${path}/1`)).status).toBe(200);
      expect((await send('GET', `${path}/1`)).status).toBe(404);
      expect((await send('POST', path, milk)).json().id, 'an id is never given twice').toBe(2);
    });

    test('are found by their members, in the order asked for, page by page', async () => {
      for (const [userId, title] of [
        [2, 'b'],
        [10, 'a'],
        [2, 'c'],
        [1, 'a'],
      ] as const)
        await send('POST', path, { userId, title, address: { city: title } });
      const ids = async (query: string) => {
        const answer = (await send('GET', `${path}?${query}`)).json();
        return (Array.isArray(answer) ? answer : answer.items).map(({ id }: { id: number }) => id);
      };
      expect(await ids('')).toEqual([1, 2, 3, 4]);
      expect(await ids('userId=2')).toEqual([1, 3]);
      expect(await ids('userId=2&title=c')).toEqual([3]);
      expect(await ids('title=b&title=c')).toEqual([1, 3]);
      expect(await ids('address.city=a')).toEqual([2, 4]);
      expect(await ids('q=C')).toEqual([1, 2, 3, 4]); // "address" and "city" have one
      expect(await ids('sort=userId')).toEqual([4, 1, 3, 2]);
      expect(await ids('sort=title,-userId')).toEqual([2, 4, 1, 3]);
      expect(await ids('per_page=3&page=2')).toEqual([4]);
      const page = await send('GET', `${path}?per_page=1&page=2&userId=2`);
      expect(page.headers.get('link')).toContain('userId=2');
      expect(page.headers.get('link')).toContain('rel="prev"');
    });

    test('refuse what is no record, with the place', async () => {
      await send('POST', path, milk);
      for (const [body, status] of [
        ['[1]', 422],
        ['"x"', 422],
        ['null', 422],
        ['{', 400],
        ['', 400],
        ['{"__proto__": {}}', 400],
      ] as const) {
        const refused = await send('POST', path, body);
        expect([400, 422], body).toContain(refused.status);
        expect(refused.headers.get('content-type')).toContain('problem+json');
        void status;
      }
      expect((await send('POST', path, { id: 1 })).status).toBe(409);
      expect((await send('PUT', `${path}/1`, { id: 2 })).status).toBe(422);
      for (const id of ['0', '-1', 'x', '1.5', '99999999999999999']) expect((await send('GET', `${path}/${id}`)).status, id).toBe(400);
      expect((await send('PUT', `${path}/7`, {})).status).toBe(404);
      expect((await send('POST', path, { text: 'x'.repeat(300_000) })).status).toBe(413);
      expect((await send('POST', path, 'x=1', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(415);
    });
  });
}

test('conditions: what was changed meanwhile stays as it is', async () => {
  await send('POST', base, milk);
  const tag = (await send('GET', `${base}/1`)).headers.get('etag') as string;
  expect((await send('GET', `${base}/1`, undefined, { 'if-none-match': tag })).status).toBe(304);
  expect((await send('PATCH', `${base}/1`, { title: 'one' }, { 'if-match': tag })).status).toBe(200);
  for (const method of ['PATCH', 'PUT']) expect((await send(method, `${base}/1`, { title: 'two' }, { 'if-match': tag })).status).toBe(412);
  expect((await send('DELETE', `${base}/1`, undefined, { 'if-match': tag })).status).toBe(412);
  expect((await send('GET', `${base}/1`)).json().title).toBe('one');
});

test('JSON patch: all operations or none', async () => {
  await send('POST', base, { tags: ['a', 'b'], n: 1 });
  const patch = (operations: unknown) => send('PATCH', `${base}/1`, operations, { 'content-type': 'application/json-patch+json' });
  expect(
    (
      await patch([
        { op: 'add', path: '/tags/-', value: 'c' },
        { op: 'remove', path: '/n' },
      ])
    ).json(),
  ).toEqual({ tags: ['a', 'b', 'c'], id: 1 });
  expect(
    (
      await patch([
        { op: 'remove', path: '/tags' },
        { op: 'test', path: '/id', value: 9 },
      ])
    ).status,
  ).toBe(409);
  expect((await patch([{ op: 'remove', path: '/nothing' }])).status).toBe(422);
  expect((await patch([{ op: 'replace', path: '/id', value: 9 }])).status).toBe(422);
  expect((await patch({})).status).toBe(422);
  expect((await send('GET', `${base}/1`)).json()).toEqual({ tags: ['a', 'b', 'c'], id: 1 });
});

test('a schema holds for what is there and for what comes', async () => {
  await send('POST', base, milk);
  const schema = { type: 'object', required: ['title'], properties: { title: { type: 'string', maxLength: 10 } } };
  expect((await send('PUT', `${base}/schema`, { ...schema, required: ['nothing'] })).status).toBe(409);
  expect((await send('PUT', `${base}/schema`, { type: 'nonsense' })).status).toBe(422);
  expect((await send('PUT', `${base}/schema`, schema)).status).toBe(200);
  const refused = await send('POST', base, { title: 'far too long a title' });
  expect(refused.status).toBe(422);
  expect(refused.json()).toMatchObject({ pointer: '/title', errors: [{ pointer: '/title' }] });
  expect((await send('PATCH', `${base}/1`, { title: null })).status).toBe(422);
  expect((await send('DELETE', `${base}/schema`)).status).toBe(204);
  expect((await send('POST', base, { anything: true })).status).toBe(201);
});

test('export and import give the same records back, all or none', async () => {
  for (const title of ['one', 'two', 'drei 🎫']) await send('POST', base, { title });
  await send('DELETE', `${base}/2`);
  const { text } = await send('GET', `${base}/export`);
  const other = '/api/v1/records/copy';
  const copied = await send('POST', `${other}/import`, text, { 'content-type': 'application/x-ndjson' });
  expect(copied.json()).toEqual({ imported: 2, first_id: 1, last_id: 3 });
  expect((await send('GET', `${other}/export`)).text).toBe(text);
  expect((await send('POST', other, {})).json().id).toBe(4);
  expect((await send('POST', `${other}/import`, [{ id: 9 }, { id: 1 }])).status).toBe(409);
  expect((await send('GET', `${other}/9`)).status).toBe(404);
  expect((await send('POST', `${other}/import?replace=true`, [{ id: 9 }, { id: 1, title: 'new' }])).status).toBe(200);
  expect((await send('GET', `${other}/1`)).json().title).toBe('new');
  const broken = await send('POST', `${other}/import`, '{"a":1}\nnot json\n', { 'content-type': 'application/x-ndjson' });
  expect(broken.json()).toMatchObject({ status: 400, line: 2 });
});

test('collections are listed with their links, and removed only when it is meant', async () => {
  await send('POST', base, milk);
  const { items } = (await send('GET', '/api/v1/records')).json();
  expect(items).toMatchObject([
    { name: 'todos', count: 1, has_schema: false, links: { self: { href: base }, create: { method: 'POST' } } },
  ]);
  expect((await send('DELETE', base)).status).toBe(400);
  expect((await send('DELETE', `${base}?confirm=all`)).status).toBe(204);
  expect((await send('GET', base)).status).toBe(404);
  expect((await send('POST', base, milk)).json().id).toBe(1);
  for (const name of ['.x', 'a.b', '1a', 'a'.repeat(65)])
    expect((await send('GET', `/api/v1/records/${encodeURIComponent(name)}`)).status, name).toBe(400);
  expect((await send('GET', '/api/v1/records/..%2Fusers')).status).toBe(400);
});

test('the feed tells what happens, and goes on where it broke off', async () => {
  const abort = new AbortController();
  const feed = await fetch(`${house.url}${base}/events`, { signal: abort.signal });
  const events: string[] = [];
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const block of feed.body as ReadableStream<Uint8Array>) events.push(decoder.decode(block));
  })().catch(() => {});
  await send('POST', base, milk);
  await send('PATCH', `${base}/1`, { completed: true });
  await send('DELETE', `${base}/1`);
  await expect.poll(() => events.join('')).toContain('event: delete\ndata: {"id":1}');
  const text = events.join('');
  expect(text.indexOf('"completed":false')).toBeLessThan(text.indexOf('"completed":true'));
  abort.abort();
  await reading;
  const [first = ''] = /(?<=id: )\d+/.exec(text) ?? [];
  const later = new AbortController();
  const again = await fetch(`${house.url}${base}/events`, { headers: { 'last-event-id': first }, signal: later.signal });
  const rest: string[] = [];
  const readingRest = (async () => {
    for await (const block of again.body as ReadableStream<Uint8Array>) rest.push(new TextDecoder().decode(block));
  })().catch(() => {});
  await expect.poll(() => rest.join('')).toContain('event: delete');
  expect(rest.join('')).not.toContain('"completed":false');
  later.abort();
  await readingRest;
});

test('fifty at once get fifty ids', async () => {
  const ids = await Promise.all(Array.from({ length: 50 }, async () => (await send('POST', base, milk)).json().id));
  expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, at) => at + 1));
});

test('the collector keeps what it is sent, and says so in its own words', async () => {
  const { stdout } = await run('curl', [
    '-s',
    '-X',
    'POST',
    `${house.url}/api/data`,
    '-H',
    'Content-Type: application/json',
    '-d',
    '{"name": "Mario", "age": 30, "occupation": "plumber"}',
  ]);
  expect(JSON.parse(stdout)).toEqual({ status: 'success' });
  const [kept] = (await send('GET', '/api/v1/records/data')).json().items;
  expect(kept).toMatchObject({ data: { name: 'Mario', age: 30, occupation: 'plumber' }, id: 1 });
  expect(kept.time).toMatch(/^\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d$/);
  const bad = await send('POST', '/api/data', '{"name": ');
  expect([bad.status, bad.json().status]).toEqual([400, 'error']);
});

const hasRequests = (() => {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import requests'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!hasRequests)('requests for Python: the four verbs [needs python3-requests]', async () => {
  const program = `
import json, sys, requests
api_url = sys.argv[1] + "/todos"
todo = {"userId": 1, "title": "Buy milk", "completed": False}
r = requests.post(api_url, data=json.dumps(todo), headers={"Content-Type": "application/json"})
print(r.json(), r.status_code)
r = requests.post(api_url, json=todo); print(r.json(), r.status_code)
api_url += "/2"
print(requests.get(api_url).json())
r = requests.put(api_url, json={"userId": 1, "title": "Wash car", "completed": True}); print(r.json(), r.status_code)
r = requests.patch(api_url, json={"title": "Mow lawn"}); print(r.json(), r.status_code)
r = requests.delete(api_url); print(r.json(), r.status_code)
`;
  const { stdout } = await run('/usr/bin/python3', ['-c', program, house.url]);
  expect(stdout.trim().split('\n')).toEqual([
    "{'userId': 1, 'title': 'Buy milk', 'completed': False, 'id': 1} 201",
    "{'userId': 1, 'title': 'Buy milk', 'completed': False, 'id': 2} 201",
    "{'userId': 1, 'title': 'Buy milk', 'completed': False, 'id': 2}",
    "{'userId': 1, 'title': 'Wash car', 'completed': True, 'id': 2} 200",
    "{'userId': 1, 'title': 'Mow lawn', 'completed': True, 'id': 2} 200",
    '{} 200',
  ]);
});

test('whatever JSON object goes in comes out', async () => {
  // Names that change what an object is are refused, however deep they lie.
  const object = fc
    .dictionary(
      fc.string({ minLength: 1 }).filter((name) => name !== 'id'),
      fc.jsonValue(),
    )
    .filter((draft) => !/"(__proto__|constructor)"/.test(JSON.stringify(draft)));
  await fc.assert(
    fc.asyncProperty(object, async (draft) => {
      const text = JSON.stringify(draft);
      const made = await send('POST', base, text);
      expect(made.status, text).toBe(201);
      const { id, ...rest } = (await send('GET', `${base}/${made.json().id}`)).json();
      expect(rest).toEqual(JSON.parse(text));
      void id;
    }),
    { numRuns: 60 },
  );
});
