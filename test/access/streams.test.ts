/** Answers that last: whoever may not come in any more does not get the rest of them. */
import { type IncomingMessage, request as openRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type House, openHouse, right } from './house.ts';

let house: House;
let admin: string;
let count = 0;

beforeAll(async () => {
  house = await openHouse(['keys.listen=127.0.0.1:0', 'access.tokens.lifetime=1m']);
  admin = (await house.addStaff()).admin;
  const made = await house.ask('POST', '/api/v1/records/todos', { token: admin, json: { title: 'Buy milk' } });
  expect(made.status).toBe(201);
});
afterAll(() => house.close());

/** A stream that has begun: what has come of it so far, and how it ends. */
type Stream = { text(): string; ended: Promise<'whole' | 'broken'> };

const begin = (path: string, token?: string): Promise<Stream> =>
  new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const outgoing = openRequest(new URL(path, house.url), { headers, agent: false });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming: IncomingMessage) => {
      if (incoming.statusCode !== 200) return reject(new Error(`${path} answered ${incoming.statusCode}`));
      let text = '';
      incoming.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      const ended = new Promise<'whole' | 'broken'>((end) => {
        incoming.once('end', () => end('whole')).on('error', () => end('broken'));
      });
      resolve({ text: () => text, ended });
    });
    outgoing.end();
  });

/** A user of his own, so that what ends him ends nobody else. */
async function addUser(role = 'viewer'): Promise<{ name: string; token: string }> {
  const name = `guest${count++}`;
  const { status } = await house.ask('POST', '/api/v1/users', { token: admin, json: { name, role, password: right } });
  expect(status).toBe(201);
  return { name, token: await house.logIn(name) };
}

const change = async (name: string, json: object): Promise<void> => {
  const path = `/api/v1/users/${name}`;
  const { headers } = await house.ask('GET', path, { token: admin });
  const changed = await house.ask('PATCH', path, { token: admin, json, headers: { 'if-match': String(headers.etag) } });
  expect(changed.status, changed.text).toBe(200);
};

/** The ways in which a login ends. */
const endings: [string, (guest: { name: string; token: string }) => Promise<unknown>][] = [
  ['he logs out', ({ token }) => house.ask('DELETE', '/api/v3/token', { token })],
  ['he is disabled', ({ name }) => change(name, { is_disabled: true })],
  ['his role is taken', ({ name }) => change(name, { role: 'operator' })],
  ['his logins are ended', ({ name }) => house.ask('POST', `/api/v1/users/${name}/logout`, { token: admin })],
  [
    'he gets another password',
    ({ name }) => house.ask('PUT', `/api/v1/users/${name}/password`, { token: admin, json: { password: `${right} 2` } }),
  ],
  [
    'he is removed',
    async ({ name }) => {
      const { headers } = await house.ask('GET', `/api/v1/users/${name}`, { token: admin });
      await house.ask('DELETE', `/api/v1/users/${name}`, { token: admin, headers: { 'if-match': String(headers.etag) } });
    },
  ],
];

describe('an event stream', () => {
  test.each(endings)('ends when %s', async (_how, end) => {
    const guest = await addUser();
    const stream = await begin('/api/v1/records/todos/events', guest.token);
    await end(guest);
    expect(await stream.ended).toBe('whole');
    expect(stream.text()).toContain(': your login has ended');
  });

  test('ends with the personal token that began it', async () => {
    const { body } = await house.ask('POST', '/api/v1/tokens', { token: admin, json: { title: 'feed', role: 'viewer' } });
    const stream = await begin('/api/v1/records/todos/events', String(body.token));
    await house.ask('DELETE', `/api/v1/tokens/${body.id}`, { token: admin });
    expect(await stream.ended).toBe('whole');
  });

  test('of somebody else goes on', async () => {
    const [guest, other] = [await addUser(), await addUser()];
    const [ending, staying] = await Promise.all([guest, other].map(({ token }) => begin('/api/v1/records/todos/events', token)));
    await change(guest.name, { is_disabled: true });
    await ending?.ended;
    await house.ask('PATCH', '/api/v1/records/todos/1', { token: admin, json: { title: 'Mow lawn' } });
    await expect.poll(() => staying?.text()).toContain('Mow lawn');
    await change(other.name, { is_disabled: true });
    await staying?.ended;
  });

  test.each(['/api/v1/jobs/events', '/v2/keys/?wait=true&recursive=true', '/v2/keys/?wait=true&recursive=true&stream=true'])(
    'at %s ends, too',
    async (path) => {
      const guest = await addUser();
      const stream = await begin(path, guest.token);
      await house.ask('DELETE', '/api/v3/token', { token: guest.token });
      // A watch of etcd's breaks off: its client comes back, and is refused.
      expect(await stream.ended).toBe(path.startsWith('/v2') ? 'broken' : 'whole');
    },
  );
});

test('every event stream that the house offers ends, or has an end of its own', async () => {
  const guest = await addUser();
  const feeds = house.app.routeTable.routes.filter(({ method, path }) => method === 'GET' && path.endsWith('/events'));
  expect(feeds.length).toBeGreaterThan(2);
  const streams: Stream[] = [];
  for (const { path } of feeds) {
    const url = path.replace(':collection', 'todos');
    // Of one thing: there is none here, and its feed ends with it.
    if (!url.includes(':')) streams.push(await begin(url, guest.token));
  }
  expect(streams.length).toBeGreaterThan(1);
  await change(guest.name, { is_disabled: true });
  await Promise.all(streams.map(({ ended }) => ended));
});

test('a house that was open cuts what was begun before its first user', async () => {
  const open = await openHouse(['keys.listen=']);
  try {
    const stream = await new Promise<IncomingMessage>((resolve) =>
      openRequest(new URL('/api/v1/jobs/events', open.url), { agent: false }, resolve).end(),
    );
    const ended = new Promise((resolve) => stream.resume().once('end', resolve));
    // The request that adds the first user is itself one that nobody may send any more: it is answered all the same.
    const json = { name: 'root', role: 'admin', password: right };
    expect((await open.ask('POST', '/api/v1/users', { json })).status).toBe(201);
    await ended;
  } finally {
    await open.close();
  }
});
