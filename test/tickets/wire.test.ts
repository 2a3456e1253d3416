import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { RunningServer } from '../flows/running-server.ts';

// A small program for etcd v2, in the manner of those that keep tickets as keys, on a whole server with its own engine.
let server: RunningServer;
beforeAll(async () => {
  server = await RunningServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await fetch(`${server.url}/api/v1/tickets?confirm=all`, { method: 'DELETE' });
});

type Node = { key: string; value?: string; nodes?: Node[] };
type Answer = { errorCode?: number; node: Node; prevNode?: Node };

async function etcd(method: string, path: string, value?: string): Promise<Answer> {
  const body = value === undefined ? {} : { body: new URLSearchParams({ value }) };
  return (await (await fetch(`${server.url}/v2/keys/tickets${path}`, { method, ...body })).json()) as Answer;
}

const idOf = ({ key }: Node): string => key.slice('/tickets/'.length);
const list = async () => ((await etcd('GET', '')).node?.nodes ?? []).map(idOf).sort();
const native = async (path: string, init: RequestInit = {}) => fetch(`${server.url}/api/v1/tickets${path}`, init);
const patch = (body: object) => ({ method: 'PATCH', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });

test('create, list, read, update and delete as keys, and see the same natively', async () => {
  expect((await etcd('GET', '')).errorCode).toBe(100);
  const id = idOf((await etcd('POST', '', 'Learning to add tickets')).node);
  const second = idOf((await etcd('POST', '', 'Added my second ticket')).node);
  expect(Number(second)).toBe(Number(id) + 1);
  expect(await list()).toEqual([id, second]);
  expect(await (await native(`/${id}`)).json()).toMatchObject({
    description: 'Learning to add tickets',
    state: 'open',
    created_via: 'keys',
  });

  const before = (await native(`/${id}`)).headers.get('etag');
  const updated = await etcd('PUT', `/${id}`, 'PUT it there!');
  expect([updated.node.value, updated.prevNode?.value]).toEqual(['PUT it there!', 'Learning to add tickets']);
  const after = await native(`/${id}`);
  expect(after.headers.get('etag')).not.toBe(before);
  const { items } = (await (await native(`/${id}/history`)).json()) as { items: object[] };
  expect(items.at(-1)).toMatchObject({ via: 'keys', changes: [{ from: 'Learning to add tickets', to: 'PUT it there!' }] });

  await etcd('DELETE', `/${second}`);
  expect((await native(`/${second}`)).status).toBe(404);
  expect(await list()).toEqual([id]);
});

test('what is said natively shows as keys at once, and nothing else does', async () => {
  const made = (await (await native('', { ...patch({ description: 'one', severity: 'high' }), method: 'POST' })).json()) as { id: string };
  expect(await list()).toEqual([made.id]);
  await native(`/${made.id}`, patch({ state: 'waiting' }));
  await native(`/${made.id}`, patch({ description: 'two' }));
  expect((await etcd('GET', `/${made.id}`)).node.value).toBe('two');
  const all = (await (await fetch(`${server.url}/v2/keys/tickets?recursive=true&sorted=true`)).json()) as Answer;
  expect(all.node.nodes?.map(({ key, value }) => [key, value])).toEqual([[`/tickets/${made.id}`, 'two']]);
});

test('a recursive delete leaves nothing, and numbers never come again', async () => {
  const first = idOf((await etcd('POST', '', 'one')).node);
  await native(`/${first}`, patch({ severity: 'critical' }));
  await fetch(`${server.url}/v2/keys/tickets?dir=true&recursive=true`, { method: 'DELETE' });
  expect(await list()).toEqual([]);
  expect(((await (await native('')).json()) as { total: number }).total).toBe(0);
  expect(Number(idOf((await etcd('POST', '', 'two')).node))).toBeGreaterThan(Number(first));
});

test('a compare-and-swap by a v2 client and one by the API shut each other out', async () => {
  const { node } = await etcd('POST', '', 'one');
  const index = (node as Node & { modifiedIndex: number }).modifiedIndex;
  expect((await native(`/${idOf(node)}`, patch({ severity: 'high' }))).status).toBe(200);
  const swap = await fetch(`${server.url}/v2/keys${node.key}?prevIndex=${index}`, {
    method: 'PUT',
    body: new URLSearchParams({ value: 'late' }),
  });
  expect([swap.status, ((await swap.json()) as Answer).errorCode]).toEqual([412, 101]);
});

test('many writers by three doors: each is told, and all views agree', async () => {
  const ids = await Promise.all(
    Array.from({ length: 30 }, async (_, i) => {
      if (i % 3 === 0) return idOf((await etcd('POST', '', `key ${i}`)).node);
      if (i % 3 === 1)
        return ((await (await native('', { ...patch({ description: `api ${i}` }), method: 'POST' })).json()) as { id: string }).id;
      return (await fetch(`${server.url}/tickets`, { method: 'POST', body: JSON.stringify({ value: `plain ${i}` }) })).text();
    }),
  );
  expect(new Set(ids).size).toBe(30);
  const sorted = [...ids].sort();
  expect(await list()).toEqual(sorted);
  const page = (await (await native('?per_page=100')).json()) as { items: { id: string; created_via: string; subject: string }[] };
  expect(page.items.map(({ id }) => id)).toEqual(sorted);
  const doors: Record<string, string> = { key: 'keys', api: 'api', plain: 'plain' };
  expect(page.items.filter(({ subject, created_via }) => doors[subject.split(' ', 1)[0] as string] !== created_via)).toEqual([]);
  expect(((await (await fetch(`${server.url}/tickets`)).json()) as { tickets: string[] }).tickets).toEqual(sorted);
});
