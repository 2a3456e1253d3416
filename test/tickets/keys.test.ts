import { afterEach, beforeEach, expect, test } from 'vitest';
import { nameOf, Tree, textValue } from '../../src/keys/index.ts';
import { type House, openHouse } from './house.ts';

// What an etcd v2 client does, as the key tree sees it, beside what the native API says of it.
let house: House;
let tree: Tree;
let system: Tree;
beforeEach(async () => {
  house = await openHouse();
  tree = new Tree(house.engine, 'public');
  system = new Tree(house.engine, 'system');
});
afterEach(() => house.close());

const get = async (path: string) => (await house.app.inject(`/api/v1/tickets${path}`)).json();
const open = async (payload: object) => (await house.app.inject({ method: 'POST', url: '/api/v1/tickets', payload })).json();
const visible = async () => (await tree.list('/tickets')).below.filter(({ path }) => !nameOf(path).startsWith('_'));
const idOf = ({ node }: { node: { path: string } }) => nameOf(node.path);

test('a key made by a v2 client is a ticket with defaults', async () => {
  const id = idOf(await tree.createInOrder('/tickets', 'Switch is down\nin room 4'));
  house.clock.advance(5000);
  expect(await get(`/${id}`)).toMatchObject({
    id,
    subject: 'Switch is down',
    state: 'open',
    severity: 'medium',
    assignee: null,
    created_by: null,
    created_via: 'keys',
    created_at: '2026-11-22T00:00:00.000Z',
  });
  expect((await get('?include=description')).items[0].description).toBe('Switch is down\nin room 4');
});

test('what a v2 client does to a ticket costs the index what it costs with etcd', async () => {
  const first = await tree.createInOrder('/tickets', 'one');
  await house.tickets.settle();
  const second = await tree.createInOrder('/tickets', 'two');
  await house.tickets.settle();
  const third = await tree.set(second.node.path, 'three');
  await house.tickets.settle();
  expect([second.index, third.index]).toEqual([first.index + 1, first.index + 2]);
});

test('a description replaced by a v2 client moves the ETag and stands in the history', async () => {
  const { id } = await open({ description: 'one', severity: 'critical', labels: ['x'] });
  const self = `/api/v1/tickets/${id}`;
  const before = (await house.app.inject(self)).headers.etag as string;
  house.clock.advance(1000);
  await tree.set(`/tickets/${id}`, 'two');
  await house.tickets.settle();
  house.clock.advance(1000);
  await tree.set(`/tickets/${id}`, 'three');
  const after = await house.app.inject(self);
  expect(after.headers.etag).not.toBe(before);
  expect(after.json()).toMatchObject({ description: 'three', severity: 'critical', labels: ['x'], updated_via: 'keys' });
  const stale = await house.app.inject({ method: 'PATCH', url: self, payload: { state: 'closed' }, headers: { 'if-match': before } });
  expect(stale.statusCode).toBe(412);
  const { items } = await get(`/${id}/history`);
  expect(items.slice(1)).toMatchObject([
    { via: 'keys', at: '2026-11-22T00:00:01.000Z', changes: [{ field: 'description', from: 'one', to: 'two' }] },
    { via: 'keys', at: '2026-11-22T00:00:02.000Z', changes: [{ field: 'description', from: 'two', to: 'three' }] },
  ]);
  expect(await get(`/${id}`)).toEqual(after.json());
});

test('a listing shows descriptions and nothing else, whatever was said about them', async () => {
  const { id } = await open({ description: 'one', severity: 'high' });
  await house.app.inject({ method: 'POST', url: `/api/v1/tickets/${id}/comments`, payload: { text: 'x' } });
  await house.app.inject({ method: 'PATCH', url: `/api/v1/tickets/${id}`, payload: { state: 'closed' } });
  const nodes = await visible();
  expect(nodes.map((node) => [nameOf(node.path), textValue(node)])).toEqual([[id, 'one']]);
});

test('changes that leave the description alone wake no watcher of it', async () => {
  const { id } = await open({ description: 'one' });
  const heard: string[] = [];
  house.engine.follow('public', (changes) => {
    for (const { node, isSilent } of changes) if (!isSilent) heard.push(node.path);
  });
  await house.app.inject({ method: 'PATCH', url: `/api/v1/tickets/${id}`, payload: { state: 'closed' } });
  expect(heard.length).toBeGreaterThan(0);
  expect(heard.filter((path) => !path.startsWith('/tickets/_'))).toEqual([]);
});

test('deleting the key deletes the ticket and all that belongs to it', async () => {
  const { id } = await open({ description: 'one' });
  await house.app.inject({ method: 'POST', url: `/api/v1/tickets/${id}/comments`, payload: { text: 'x' } });
  await tree.set(`/tickets/${id}`, 'two');
  await house.tickets.settle();
  await tree.delete(`/tickets/${id}`);
  expect((await house.app.inject(`/api/v1/tickets/${id}`)).statusCode).toBe(404);
  await house.tickets.settle();
  expect((await tree.list('/tickets', 'subtree')).below.filter(({ isDir }) => !isDir)).toEqual([]);
  expect((await system.list('/tickets', 'subtree')).below.filter(({ isDir }) => !isDir)).toEqual([]);
});

test('deleting all keys deletes all tickets, and the next one starts clean', async () => {
  const { id } = await open({ description: 'one', severity: 'critical' });
  await tree.set('/tickets/printer', 'out of paper');
  await house.tickets.settle();
  await tree.delete('/tickets', true);
  expect((await get('')).total).toBe(0);
  await house.tickets.settle();
  const again = await open({ description: 'two' });
  expect(Number(again.id)).toBeGreaterThan(Number(id));
  expect((await system.list('/tickets', 'subtree')).below.filter(({ isDir }) => !isDir)).toEqual([]);
  expect((await get(`/${again.id}/history`)).total).toBe(1);
});

test('a name of the client’s own choosing may come again, without the facts of the one before', async () => {
  await tree.set('/tickets/printer', 'out of paper');
  await house.app.inject({ method: 'PATCH', url: '/api/v1/tickets/printer', payload: { severity: 'critical' } });
  expect(await get('/printer')).toMatchObject({ severity: 'critical', created_via: 'keys' });
  await tree.delete('/tickets/printer');
  await house.tickets.settle();
  await tree.set('/tickets/printer', 'on fire');
  expect(await get('/printer')).toMatchObject({ severity: 'medium', subject: 'on fire' });
});

test('a time to live that a v2 client gave outlasts changes by the API', async () => {
  await tree.set('/tickets/soon', 'gone soon', { ttl: 60_000 });
  house.clock.advance(10_000);
  await house.app.inject({ method: 'PATCH', url: '/api/v1/tickets/soon', payload: { severity: 'low' } });
  expect((await tree.get('/tickets/soon'))?.deadline).toBe(Date.UTC(2026, 10, 22) + 60_000);
  house.clock.advance(51_000);
  await house.engine.expire();
  expect((await house.app.inject('/api/v1/tickets/soon')).statusCode).toBe(404);
});

test('directories, hidden keys and foreign scribble are no tickets and do no harm', async () => {
  const { id } = await open({ description: 'one', severity: 'high' });
  await tree.set('/tickets/dir/inside', 'x');
  await tree.set('/tickets/_own', 'x');
  const [facts] = (await tree.list('/tickets/_facts')).below;
  await tree.set(facts?.path as string, '{"severity": 7, "created": []}');
  expect((await get('')).items).toMatchObject([{ id, severity: 'medium', subject: 'one' }]);
  expect((await house.app.inject('/tickets')).json()).toEqual({ tickets: [id] });
  await house.app.inject({ method: 'PATCH', url: `/api/v1/tickets/${id}`, payload: { severity: 'low' } });
  expect(await get(`/${id}`)).toMatchObject({ severity: 'low' });
});

test('a file where the tickets belong is told, and nothing breaks', async () => {
  await tree.set('/tickets', 'I am a file');
  expect((await get('')).total).toBe(0);
  const refused = await house.app.inject({ method: 'POST', url: '/api/v1/tickets', payload: { description: 'x' } });
  expect(refused.json()).toMatchObject({ status: 409, detail: 'at /tickets' });
});

test('what is left of tickets that went unseen is swept at the start', async () => {
  const { id } = await open({ description: 'one' });
  await tree.set('/tickets/printer', 'x');
  await house.app.inject({ method: 'PATCH', url: '/api/v1/tickets/printer', payload: { severity: 'low' } });
  await house.tickets.stop();
  await tree.delete('/tickets/printer');
  await house.tickets.start();
  const left = (await tree.list('/tickets', 'subtree')).below.filter(({ isDir }) => !isDir).map(({ path }) => nameOf(path));
  expect(left.sort()).toEqual([id, String(Number(id) + 1).padStart(20, '0')].sort());
});
