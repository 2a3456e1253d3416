import { afterEach, beforeEach, expect, test } from 'vitest';
import { type House, openHouse } from './house.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

type Body = Record<string, unknown> & { links: Record<string, { href: string; method?: string }>; items: Body[] };
type Call = { body?: unknown; headers?: Record<string, string>; type?: string };

async function call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, { body, headers = {}, type }: Call = {}) {
  const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
  const contentType = body === undefined ? {} : { 'content-type': type ?? 'application/json' };
  const answer = await house.app.inject({ method, url, ...payload, headers: { ...contentType, ...headers } });
  const isJson = /json/.test(String(answer.headers['content-type']));
  return { status: answer.statusCode, headers: answer.headers, text: answer.body, body: (isJson ? answer.json() : {}) as Body };
}

const base = '/api/v1/tickets';
const open = async (body: object = { description: 'Learning to add tickets' }) => call('POST', base, { body });

test('a ticket is opened, read, and linked to what can be done with it', async () => {
  const made = await call('POST', base, {
    body: {
      description: 'Beacon every 60 s\nfrom the printer',
      severity: 'high',
      assignee: ' ada ',
      labels: ['c2', 'c2', 'printer'],
      about: { hosts: ['192.0.2.7', 'C1423'], flows: ['port 443'] },
    },
    headers: { 'x-weir-user': 'J%C3%B6rg' },
  });
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({
    id: '00000000000000000004',
    subject: 'Beacon every 60 s',
    state: 'open',
    severity: 'high',
    assignee: 'ada',
    labels: ['c2', 'printer'],
    about: { hosts: ['192.0.2.7', 'C1423'], flows: ['port 443'], scans: [], jobs: [] },
    comment_count: 0,
    created_at: '2026-11-22T00:00:00.000Z',
    created_by: 'Jörg',
    created_via: 'api',
  });
  const { links } = made.body;
  expect(Object.keys(links)).toEqual(
    expect.arrayContaining(['self', 'start', 'wait', 'resolve', 'close', 'comments', 'history', 'delete']),
  );
  expect(links.flows?.href).toBe(`/api/v1/flows?${new URLSearchParams({ filter: '(port 443) or host 192.0.2.7 or host "C1423"' })}`);
  expect(made.headers.location).toBe(links.self?.href);
  const read = await call('GET', String(made.headers.location));
  expect(read.body).toEqual(made.body);
  expect(read.headers.etag).toBe(made.headers.etag);
  expect(String(read.headers.link)).toContain('rel="history"');
});

test('following the links moves a ticket, and no link leads where it cannot go', async () => {
  let ticket = (await open()).body;
  for (const [rel, state] of [
    ['start', 'in-progress'],
    ['wait', 'waiting'],
    ['resolve', 'resolved'],
    ['close', 'closed'],
    ['reopen', 'open'],
  ] as const) {
    const link = ticket.links[rel];
    const moved = await call(link?.method as 'POST', String(link?.href));
    expect([rel, moved.status, moved.body.state]).toEqual([rel, 200, state]);
    ticket = moved.body;
  }
  await call('POST', String(ticket.links.close?.href));
  const refused = await call('POST', `${ticket.links.self?.href}/state/waiting`);
  expect(refused).toMatchObject({ status: 409, body: { code: 'conflict', detail: 'expected one of open' } });
});

test('PUT writes whole, PATCH merges, and what only the server writes must be as it is', async () => {
  const { body } = await open({ description: 'one', severity: 'critical', assignee: 'ada', about: { hosts: ['a'], jobs: ['1'] } });
  const self = String(body.links.self?.href);
  const patched = await call('PATCH', self, {
    body: { assignee: null, about: { hosts: null, scans: ['7'] } },
    type: 'application/merge-patch+json',
  });
  expect(patched).toMatchObject({
    status: 200,
    body: { severity: 'critical', assignee: null, about: { hosts: [], scans: ['7'], jobs: ['1'] } },
  });
  const whole = await call('PUT', self, { body: { ...patched.body, description: 'two' } });
  expect(whole).toMatchObject({ status: 200, body: { subject: 'two', severity: 'critical', about: { jobs: ['1'] } } });
  const bare = await call('PUT', self, { body: { description: 'three' } });
  expect(bare.body).toMatchObject({ severity: 'medium', about: { jobs: [] } });
  const forged = await call('PATCH', self, { body: { created_by: 'eve' } });
  expect(forged).toMatchObject({ status: 422, body: { pointer: '/created_by' } });
  for (const wrong of [{ state: 'done' }, { description: null }, { description: ' \n' }, { sevrity: 'low' }, { labels: ['a,b'] }, [1]]) {
    expect([wrong, (await call('PATCH', self, { body: wrong })).status]).toEqual([wrong, 422]);
  }
});

test('a version that is not the present one is refused with 412, a known one is not sent again', async () => {
  const made = await open();
  const self = String(made.body.links.self?.href);
  const first = { 'if-match': String(made.headers.etag) };
  const changed = await call('PATCH', self, { body: { severity: 'low' }, headers: first });
  expect(changed.status).toBe(200);
  expect(changed.headers.etag).not.toBe(made.headers.etag);
  for (const [method, url, body] of [
    ['PATCH', self, { severity: 'high' }],
    ['PUT', self, { description: 'x' }],
    ['POST', `${self}/state/closed`, undefined],
    ['DELETE', self, undefined],
  ] as const) {
    const refused = await call(method, url, { body, headers: first });
    expect([method, refused.status, refused.body.code]).toEqual([method, 412, 'precondition-failed']);
  }
  const tag = String(changed.headers.etag);
  expect((await call('GET', self, { headers: { 'if-none-match': `"1", W/${tag}` } })).status).toBe(304);
  expect((await call('GET', self, { headers: { 'if-none-match': String(made.headers.etag) } })).status).toBe(200);
  expect((await call('PATCH', self, { body: { severity: 'high' }, headers: { 'if-match': `"1", ${tag}` } })).status).toBe(200);
  expect((await call('DELETE', self, { headers: { 'if-match': '*' } })).status).toBe(204);
  expect((await call('GET', self)).status).toBe(404);
});

test('of two writers with the same version one wins and one is told', async () => {
  const made = await open();
  const headers = { 'if-match': String(made.headers.etag) };
  const self = String(made.body.links.self?.href);
  const answers = await Promise.all(['high', 'low'].map((severity) => call('PATCH', self, { body: { severity }, headers })));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
});

test('many writers without a version all succeed, and nothing of theirs is lost', async () => {
  const made = await open();
  const self = String(made.body.links.self?.href);
  const comments = await Promise.all(Array.from({ length: 20 }, (_, i) => call('POST', `${self}/comments`, { body: { text: `no ${i}` } })));
  expect(new Set(comments.map(({ status }) => status))).toEqual(new Set([201]));
  expect(new Set(comments.map(({ body }) => body.id)).size).toBe(20);
  const { body } = await call('GET', `${self}/comments`);
  expect(body.items.map(({ text }) => text).sort()).toEqual(Array.from({ length: 20 }, (_, i) => `no ${i}`).sort());
  expect((await call('GET', self)).body.comment_count).toBe(20);
});

test('comments come, are found and go, and the history keeps them', async () => {
  const made = await open();
  const self = String(made.body.links.self?.href);
  house.clock.advance(60_000);
  const comment = await call('POST', `${self}/comments`, { body: { text: 'seen at **noon**' }, headers: { 'x-weir-user': 'ada' } });
  expect(comment).toMatchObject({ status: 201, body: { by: 'ada', text: 'seen at **noon**', at: '2026-11-22T00:01:00.000Z' } });
  expect((await call('GET', String(comment.headers.location))).body).toEqual(comment.body);
  expect((await call('GET', `${base}?q=NOON+tickets`)).body.total).toBe(1);
  expect((await call('GET', `${base}?q=noon+midnight`)).body.total).toBe(0);
  house.clock.advance(60_000);
  await call('PATCH', self, { body: { state: 'resolved', severity: 'low' } });
  expect((await call('DELETE', String(comment.headers.location))).status).toBe(204);
  expect((await call('DELETE', String(comment.headers.location))).status).toBe(404);
  expect((await call('GET', self)).body).toMatchObject({ comment_count: 0, updated_at: '2026-11-22T00:02:00.000Z', updated_by: null });
  const { body } = await call('GET', `${self}/history`);
  expect(body.items.map(({ what }) => what)).toEqual(['created', 'changed', 'comment-deleted']);
  expect(body.items[1]?.changes).toEqual([
    { field: 'state', from: 'open', to: 'resolved' },
    { field: 'severity', from: 'medium', to: 'low' },
  ]);
  expect(body.items[2]).toMatchObject({ text: 'seen at **noon**', author: 'ada' });
});

test('lists are chosen, ordered and paged', async () => {
  for (const [description, severity, assignee, labels, host] of [
    ['b one', 'low', 'ada', ['x'], '192.0.2.1'],
    ['c two', 'critical', null, ['x', 'y'], '192.0.2.2'],
    ['a three', 'high', 'bob', [], '192.0.2.1'],
  ] as const) {
    house.clock.advance(1000);
    await open({ description, severity, assignee, labels, about: { hosts: [host] } });
  }
  const subjects = async (query: string) => (await call('GET', `${base}?${query}`)).body.items.map(({ subject }) => subject);
  expect(await subjects('')).toEqual(['b one', 'c two', 'a three']);
  expect(await subjects('order=-severity')).toEqual(['c two', 'a three', 'b one']);
  expect(await subjects('order=subject')).toEqual(['a three', 'b one', 'c two']);
  expect(await subjects('order=-updated')).toEqual(['a three', 'c two', 'b one']);
  expect(await subjects('severity=high,critical')).toEqual(['c two', 'a three']);
  expect(await subjects('assignee=ADA')).toEqual(['b one']);
  expect(await subjects('assignee=')).toEqual(['c two']);
  expect(await subjects('label=x,y')).toEqual(['c two']);
  expect(await subjects('host=192.0.2.1&q=three')).toEqual(['a three']);
  expect(await subjects('state=closed')).toEqual([]);
  const page = await call('GET', `${base}?per_page=2&page=2&include=description`);
  expect(page.body).toMatchObject({ total: 3, page: 2, items: [{ description: 'a three' }] });
  expect(String(page.headers.link)).toContain('rel="prev"');
  expect((await call('GET', `${base}?state=done`)).body).toMatchObject({ code: 'invalid', pointer: 'state' });
  expect((await call('GET', `${base}?per_page=2`)).body.items[0]).not.toHaveProperty('description');
});

test('the whole collection goes only when one says so', async () => {
  await open();
  expect((await call('DELETE', base)).status).toBe(400);
  expect((await call('DELETE', `${base}?confirm=yes`)).status).toBe(400);
  expect((await call('GET', base)).body.total).toBe(1);
  for (let again = 0; again < 2; again++) expect((await call('DELETE', `${base}?confirm=all`)).status).toBe(204);
  expect((await call('GET', base)).body).toMatchObject({ total: 0, items: [] });
});

test('limits are told in words', async () => {
  await house.close();
  house = await openHouse({ kept: 2, comments: 1, description: 200, labels: 2 });
  const made = await open();
  const self = String(made.body.links.self?.href);
  expect((await open({ description: 'é'.repeat(101) })).body).toMatchObject({
    code: 'too-large',
    detail: 'expected 200 bytes at most, got 202',
  });
  expect((await open({ description: 'x', labels: ['1', '2', '3'] })).status).toBe(422);
  expect((await call('POST', `${self}/comments`, { body: { text: 'one' } })).status).toBe(201);
  expect((await call('POST', `${self}/comments`, { body: { text: 'two' } })).status).toBe(429);
  expect((await open()).status).toBe(201);
  expect((await open()).body).toMatchObject({ status: 429, code: 'exhausted' });
});

test('a missing ticket is missing everywhere, and its id may be a near miss', async () => {
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/comments'],
    ['GET', '/history'],
    ['POST', '/state/closed'],
  ] as const) {
    expect([path, (await call(method, `${base}/4711${path}`)).body.code]).toEqual([path, 'not-found']);
  }
  expect((await call('GET', `${base}/4711`)).body.detail).toContain('did you mean 00000000000000004711?');
  for (const id of ['_facts', '%2e%2e', '_comments', 'a%2Fb']) expect([id, (await call('GET', `${base}/${id}`)).status]).toEqual([id, 404]);
});

test('histories stay short', async () => {
  await house.close();
  house = await openHouse({ history: 20 });
  const self = String((await open()).body.links.self?.href);
  for (let i = 0; i < 60; i++) await call('PATCH', self, { body: { description: `text ${i}` } });
  const { body } = await call('GET', `${self}/history`);
  expect(body.items.length).toBeLessThanOrEqual(20 + 16 + 1);
  expect(body.items.at(-1)).toMatchObject({ changes: [{ from: 'text 58', to: 'text 59' }] });
});
