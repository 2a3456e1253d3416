/** R12: who may start a session, and who may see what is in it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type House, openHouse, right } from '../access/house.ts';
import { pause } from './patience.ts';

let house: House;
let staff: Awaited<ReturnType<House['addStaff']>>;
let other: string;
beforeAll(async () => {
  house = await openHouse();
  staff = await house.addStaff();
  await house.ask('POST', '/api/v1/users', { token: staff.admin, json: { name: 'otto', role: 'operator', password: right } });
  other = await house.logIn('otto');
});
afterAll(async () => {
  await house.ask('DELETE', '/sessions/0', { token: staff.admin });
  await house.close();
});

test('a token, or its like as a password, is needed', async () => {
  const stranger = await house.ask('GET', '/sessions');
  expect(stranger).toMatchObject({ status: 401, body: { msg: expect.any(String) } });
  expect(Object.keys(stranger.body)).toEqual(['msg']);
  expect(stranger.headers['www-authenticate']).toContain('Bearer');
  expect((await house.ask('GET', '/sessions', { token: staff.viewer })).status).toBe(200);
});

test('a session belongs to who made it', async () => {
  expect(await house.ask('POST', '/sessions', { token: staff.viewer, json: { kind: 'python' } })).toMatchObject({
    status: 403,
    body: { msg: expect.any(String) },
  });
  const made = await house.ask('POST', '/sessions', { token: staff.operator, json: { kind: 'python', conf: { 'my.secret': 'x' } } });
  expect(made).toMatchObject({ status: 201, body: { id: 0, owner: 'opal', proxyUser: null } });
  while ((await house.ask('GET', '/sessions/0/state', { token: staff.viewer })).body.state !== 'idle') await pause(20);
  await house.ask('POST', '/sessions/0/statements', { token: staff.operator, json: { code: 'import os\nos.write(1, b"seen\\n")' } });
  while ((await house.ask('GET', '/sessions/0/log', { token: staff.operator })).body.total === 0) await pause(20);
  for (const token of [staff.operator, staff.admin]) {
    expect((await house.ask('GET', '/sessions/0', { token })).body).toMatchObject({ log: ['seen'], conf: { 'my.secret': 'x' } });
    expect((await house.ask('GET', '/sessions/0/statements', { token })).status).toBe(200);
  }
  for (const token of [staff.viewer, other]) {
    expect((await house.ask('GET', '/sessions/0', { token })).body).toMatchObject({ log: [], conf: {}, state: 'idle' });
    for (const path of [
      '/sessions/0/statements',
      '/sessions/0/statements/0',
      '/sessions/0/log',
      '/api/v1/sessions/0/log',
      '/api/v1/sessions/0/statements/0/events',
    ])
      expect((await house.ask('GET', path, { token })).status, path).toBe(403);
  }
  for (const [method, path, json] of [
    ['POST', '/sessions/0/statements', { code: '1' }],
    ['POST', '/sessions/0/statements/0/cancel', {}],
    ['POST', '/sessions/0/stop', {}],
    ['POST', '/api/v1/sessions/0/statements', { code: '1' }],
    ['DELETE', '/sessions/0', undefined],
    ['DELETE', '/api/v1/sessions/0', undefined],
  ] as const)
    expect((await house.ask(method, path, { token: other, json })).status, path).toBe(403);
});

test('who started one stands in the audit log, with the address and the request', async () => {
  const { body } = await house.ask('GET', '/api/v1/audit?action=sessions.create', { token: staff.admin });
  expect((body.items as unknown[])[0]).toMatchObject({
    actor: 'opal',
    address: expect.stringMatching(/127\.0\.0\.1|::1/),
    requestId: expect.any(String),
    target: '0',
    outcome: 'ok',
  });
});
