import { afterEach, beforeEach, expect, test } from 'vitest';
import { type House, openHouse } from './house.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

// As curl sends it: any answer is welcome, and a body is JSON by its header.
async function curl(method: Method, url: string, body?: string, type = 'application/json') {
  const headers = { accept: '*/*', ...(body === undefined ? {} : { 'content-type': type }) };
  const answer = await house.app.inject({ method, url, headers, ...(body === undefined ? {} : { payload: body }) });
  return { status: answer.statusCode, type: answer.headers['content-type'], text: answer.body };
}

const json = (text: string, status = 200) => ({ status, type: 'application/json', text });
const html = (text: string, status = 200) => ({ status, type: 'text/html; charset=utf-8', text });

test('a whole session answers as published, to the octet', async () => {
  expect(await curl('GET', '/tickets')).toEqual(json('{\n  "msg": "Error Code: 100"\n}\n'));
  const first = await curl('POST', '/tickets', '{"value": "Learning to add tickets"}');
  expect(first).toEqual(html(first.text));
  expect(first.text).toMatch(/^[0-9]{20}$/);
  expect(await curl('GET', '/tickets')).toEqual(json(`{\n  "tickets": [\n    "${first.text}"\n  ]\n}\n`));
  const second = await curl('POST', '/tickets', '{"value": "Added my second ticket"}');
  const third = await curl('POST', '/tickets', '{"value": "This is my third ticket"}');
  // One number after the other, as long as nobody else writes keys.
  expect([second, third].map(({ text }) => Number(text) - Number(first.text))).toEqual([1, 2]);
  const id = third.text;
  expect(await curl('GET', '/tickets')).toEqual(
    json(`{\n  "tickets": [\n    "${first.text}",\n    "${second.text}",\n    "${third.text}"\n  ]\n}\n`),
  );
  expect(await curl('PUT', '/tickets', `{"msg": "PUT it there!", "ticket_id": "${id}"}`)).toEqual(html('PUT it there!'));
  expect(await curl('GET', `/tickets/${id}`)).toEqual(html('PUT it there!'));
  expect(await curl('DELETE', `/tickets?ticket_id=${id}`)).toEqual(html(`The following ticket was deleted: ${id}`));
  expect(await curl('GET', '/tickets')).toEqual(json(`{\n  "tickets": [\n    "${first.text}",\n    "${second.text}"\n  ]\n}\n`));
  expect(await curl('DELETE', '/remove_all_tickets')).toEqual(
    json('{\n    "msg": "You just removed everything. I hope you are happy now"\n}\n'),
  );
  expect(await curl('GET', '/tickets')).toEqual(json('{\n  "msg": "Error Code: 100"\n}\n'));
});

test('what is missing is 404, with the words of this API', async () => {
  const id = '00000000000000000099';
  expect(await curl('GET', `/tickets/${id}`)).toEqual(json('{\n  "msg": "Ticket Not Found"\n}\n', 404));
  expect(await curl('PUT', '/tickets', `{"msg": "x", "ticket_id": "${id}"}`)).toEqual(
    json(`{\n  "msg": "Unable to update ticket # ${id}"\n}\n`, 404),
  );
  expect(await curl('DELETE', `/tickets?ticket_id=${id}`)).toEqual(html('Unable to delete the ticket', 404));
  expect(await curl('DELETE', '/tickets')).toEqual(html('Unable to delete the ticket', 400));
  const made = await curl('POST', '/tickets', '{"value": "x"}');
  await curl('DELETE', `/tickets?ticket_id=${made.text}`);
  expect(await curl('GET', '/tickets')).toEqual(json('{\n  "msg": "No Tickets Found! Good Work!"\n}\n'));
});

test.each([
  ['no body', undefined, undefined],
  ['a form', 'value=x', 'application/x-www-form-urlencoded'],
  ['text', 'x', 'text/plain'],
  ['broken JSON', '{"value": ', undefined],
  ['another field', '{"valeu": "x"}', undefined],
  ['a number', '{"value": 1}', undefined],
  ['a list', '["x"]', undefined],
  ['null', 'null', undefined],
])('POST of %s says what a body has to be', async (_what, body, type) => {
  expect(await curl('POST', '/tickets', body, type)).toEqual(
    json('{\n  "msg": "The body has to be JSON such as {\\"value\\": \\"a description\\"}."\n}\n', 400),
  );
});

test.each(['{}', '{"msg": "x"}', '{"ticket_id": "1"}', '{"ticket_id": 1, "msg": "x"}'])('PUT of %s says what is lacking', async (body) => {
  const answer = await curl('PUT', '/tickets', body);
  expect(answer.status).toBe(400);
  expect(answer.text).toContain('\\"ticket_id\\"');
});

test('text beyond ASCII is plain in texts and escaped in JSON, as Python has it', async () => {
  const { text: id } = await curl('POST', '/tickets', JSON.stringify({ value: 'Größe 🎫' }));
  expect((await curl('GET', `/tickets/${id}`)).text).toBe('Größe 🎫');
  expect((await curl('PUT', '/tickets', JSON.stringify({ ticket_id: 'ö🎫', msg: 'x' }))).text).toBe(
    '{\n  "msg": "Unable to update ticket # \\u00f6\\ud83c\\udfab"\n}\n',
  );
});

test('a description that is a page cannot act as one', async () => {
  const { text: id } = await curl('POST', '/tickets', JSON.stringify({ value: '<script>alert(1)</script>' }));
  const answer = await house.app.inject(`/tickets/${id}`);
  expect(answer.headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'; sandbox");
});

test('both APIs show the same tickets, and the history tells the doors apart', async () => {
  const { text: id } = await curl('POST', '/tickets', '{"value": "one"}');
  const self = `/api/v1/tickets/${id}`;
  const before = await house.app.inject(self);
  expect(before.json()).toMatchObject({ description: 'one', state: 'open', severity: 'medium', created_via: 'plain' });
  await curl('PUT', '/tickets', JSON.stringify({ ticket_id: id, msg: 'two' }));
  const after = await house.app.inject(self);
  expect(after.headers.etag).not.toBe(before.headers.etag);
  await house.app.inject({ method: 'PATCH', url: self, payload: { description: 'three', severity: 'high' } });
  expect((await curl('GET', `/tickets/${id}`)).text).toBe('three');
  await curl('PUT', '/tickets', JSON.stringify({ ticket_id: id, msg: 'four' }));
  expect((await house.app.inject(self)).json()).toMatchObject({ description: 'four', severity: 'high', updated_via: 'plain' });
  const { items } = (await house.app.inject(`${self}/history`)).json();
  expect(
    items.map((entry: { what: string; via: string; changes?: { to: string }[] }) => [entry.what, entry.via, entry.changes?.[0]?.to]),
  ).toEqual([
    ['created', 'plain', undefined],
    ['changed', 'plain', 'two'],
    ['changed', 'api', 'three'],
    ['changed', 'plain', 'four'],
  ]);
  const native = await house.app.inject({ method: 'POST', url: '/api/v1/tickets', payload: { description: 'five' } });
  expect((await curl('GET', '/tickets')).text).toContain(native.json().id);
  await curl('DELETE', `/tickets?ticket_id=${native.json().id}`);
  expect((await house.app.inject(`/api/v1/tickets/${native.json().id}`)).statusCode).toBe(404);
});
