/** Every route that takes a body, asked with bodies that nobody should send. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type House, openHouse } from '../access/house.ts';

let house: House;
let token: string;
let writes: Write[];

type Write = { method: string; path: string; types: string[] };
type Described = { requestBody?: { content?: Record<string, unknown> } };

beforeAll(async () => {
  house = await openHouse(['keys.listen=', 'server.rateLimit.user=0']);
  token = (await house.addStaff()).admin;
  const { paths } = (await house.ask('GET', '/openapi.json', { token })).body as { paths: Record<string, Record<string, Described>> };
  writes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { requestBody }]) => ({
      method: method.toUpperCase(),
      path: path.replaceAll(/\{[^}]+\}/g, '1').replace('*', 'a'),
      types: Object.keys(requestBody?.content ?? {}),
    })),
  );
  writes = writes.filter(({ types }) => types.length > 0);
});
afterAll(() => house.close());

/** What answers as other programs do: etcd, and the plain ticket API. */
const foreign = /^\/v2\/|^\/tickets$/;

const isJson = (type: string): boolean => type === 'application/json' || type.endsWith('+json') || type.includes('ndjson');

/** Each route, once with each type of JSON that it takes. */
const jsonWrites = () => writes.flatMap(({ method, path, types }) => types.filter(isJson).map((type) => ({ method, path, type })));

const send = (method: string, path: string, type: string, form: string) =>
  house.ask(method, path, { token, headers: { 'content-type': type }, form });

test.each([
  ['a name twice', '{"a":1,"a":2}'],
  ['a name twice, written differently', '{"a":1,"\\u0061":2}'],
  ['a member __proto__', '{"__proto__":{"role":"admin"}}'],
  ['half of it', '{"a":'],
  ['nesting without end', '['.repeat(200) + ']'.repeat(200)],
])('%s is refused by every route that takes JSON', async (_what, body) => {
  const wrong: string[] = [];
  for (const { method, path, type } of jsonWrites()) {
    const { status, text } = await send(method, path, type, body);
    // What has a shape of errors of its own keeps it.
    if (status !== 400) wrong.push(`${method} ${path} (${type}) answered ${status} ${text.slice(0, 120)}`);
  }
  expect(wrong).toEqual([]);
  expect(jsonWrites().length).toBeGreaterThan(20);
});

test('a type that a route does not read is 415', async () => {
  const wrong: string[] = [];
  for (const { method, path, types } of writes.filter(({ path }) => !foreign.test(path))) {
    // A file may be of any type.
    if (types.some((type) => type === 'application/octet-stream' || type === '*/*')) continue;
    const { status } = await send(method, path, 'application/x-nobody', 'x');
    if (status !== 415) wrong.push(`${method} ${path} answered ${status}`);
  }
  expect(wrong).toEqual([]);
});
