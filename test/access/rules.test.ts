/** The rules of the door over HTTP, one by one, on the whole server. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type House, openHouse, right } from './house.ts';

const another = 'quite another passphrase';

let house: House;
let staff: Awaited<ReturnType<House['addStaff']>>;
beforeAll(async () => {
  house = await openHouse([
    'access.anonymous=tickets=viewer@127.0.0.2/32',
    'access.guesses.firstLock=2s',
    'access.trustedProxies=127.0.0.1',
  ]);
});
afterAll(() => house.close());

describe('before the first user', () => {
  test('this machine may do everything', async () => {
    expect((await house.ask('GET', '/api/v1/users')).body).toMatchObject({ items: [], total: 0 });
  });

  test('a request that a proxy passes on is not taken for one of this machine', async () => {
    for (const name of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']) {
      const { status } = await house.ask('GET', '/api/v1/users', { headers: { [name]: '127.0.0.1' } });
      expect(status, name).toBe(401);
    }
  });

  test('pages of other sites and other names of this machine are refused', async () => {
    expect((await house.ask('GET', '/api/v1/users', { headers: { host: 'evil.example' } })).status).toBe(403);
    expect((await house.ask('GET', '/api/v1/users', { headers: { origin: 'https://evil.example' } })).status).toBe(403);
    expect((await house.ask('POST', '/api/v1/users', { headers: { 'sec-fetch-site': 'cross-site' }, json: {} })).status).toBe(403);
  });

  test('the first user has to be an administrator with a password', async () => {
    for (const json of [
      { name: 'vera', role: 'viewer', password: right },
      { name: 'robot', role: 'admin' },
    ]) {
      const { status, text } = await house.ask('POST', '/api/v1/users', { json });
      expect([status, text]).toEqual([409, expect.stringContaining('has to be an administrator')]);
    }
  });

  test('the door closes behind him', async () => {
    staff = await house.addStaff();
    expect((await house.ask('GET', '/api/v1/users')).status).toBe(401);
  });
});

describe('credentials', () => {
  test('in the address are refused, whatever they are worth', async () => {
    for (const query of [`access_token=${staff.admin}`, `token=${staff.admin}`, 'access_token=x', 'Authorization=Bearer%20x']) {
      const { status, text } = await house.ask('GET', `/api/v1/users?${query}`, { token: staff.admin });
      expect([status, text.includes('do not belong into the address')], query).toEqual([400, true]);
      expect(text).not.toContain(staff.admin);
    }
  });

  test('stand in one field only', async () => {
    const fields = [`Bearer ${staff.viewer}`, `Bearer ${staff.admin}`];
    expect((await house.ask('GET', '/api/v1/users', { headers: { Authorization: fields } })).status).toBe(400);
    expect((await house.ask('GET', '/api/v1/users', { headers: { authorization: staff.admin } })).status).toBe(400);
    expect((await house.ask('GET', '/api/v1/users', { headers: { authorization: 'Basic cm9vdDpyb290' } })).status).toBe(400);
  });

  test('are joined to their scheme by a blank or by a colon', async () => {
    for (const field of [`Bearer ${staff.viewer}`, `bearer   ${staff.viewer}`, `Bearer:${staff.viewer}`, `BEARER:${staff.viewer}`]) {
      expect((await house.ask('GET', '/', { headers: { authorization: field } })).status, field.slice(0, 10)).toBe(200);
    }
  });
});

describe('logging in', () => {
  test('takes a form and JSON, and answers as the clients of old expect', async () => {
    const form = `username=vera&password=${encodeURIComponent(right)}`;
    const { status, body, headers } = await house.ask('POST', '/api/v3/token', { form });
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(body).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 14_400 });
  });

  test('that fails always has a member `error`', async () => {
    const cases: [number, string, Parameters<House['ask']>[2]][] = [
      [401, 'invalid_grant', { json: { username: 'vera', password: 'wrong' } }],
      [422, 'invalid_request', { json: { username: 'vera' } }],
      [422, 'invalid_request', { json: { username: ['vera', 'root'], password: right } }],
      [400, 'invalid_request', { form: 'username=vera&username=root&password=x' }],
      [422, 'invalid_request', { form: `username=vera&password=x&access_token=${staff.admin}` }],
      [400, 'invalid_request', { headers: { 'content-type': 'application/json', 'content-length': '1' }, form: '{' }],
      [415, 'invalid_request', { headers: { 'content-type': 'application/xml' }, form: '<a/>' }],
      [413, 'invalid_request', { form: `username=vera&password=${'x'.repeat(9000)}` }],
    ];
    for (const [status, error, asked] of cases) {
      const answer = await house.ask('POST', '/api/v3/token', asked);
      expect([answer.status, answer.body.error], JSON.stringify(asked).slice(0, 80)).toEqual([status, error]);
      expect(answer.headers['content-type']).toContain('application/problem+json');
    }
    await house.ask('POST', '/api/v1/users/vera/unlock', { token: staff.admin });
  });

  test('is locked for a while after five wrong passwords, also for the right one, and many at once count like many in a row', async () => {
    const guess = (password: string, from: string) =>
      house.ask('POST', '/api/v3/token', { json: { username: 'opal', password }, headers: { 'x-forwarded-for': from } });
    const answers = await Promise.all(Array.from({ length: 12 }, (_, at) => guess('wrong', `192.0.2.${at}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(5).fill(401), ...Array(7).fill(429)]);
    const locked = await guess(right, '192.0.2.100');
    expect([locked.status, locked.body.error, Number(locked.headers['retry-after'])]).toEqual([429, 'invalid_grant', expect.any(Number)]);
    // A lock ends no login that is there.
    expect((await house.ask('GET', '/', { token: staff.operator })).status).toBe(200);
    expect((await house.ask('GET', '/api/v1/users/opal', { token: staff.admin })).body).toHaveProperty('locked_until');
    expect((await house.ask('POST', '/api/v1/users/opal/unlock', { token: staff.admin })).status).toBe(204);
    expect((await guess(right, '192.0.2.100')).status).toBe(200);
  });

  test('is locked for an address that tries many names; of IPv6 for its network', async () => {
    const guess = (at: number) =>
      house.ask('POST', '/api/v3/token', {
        json: { username: `name${at}`, password: 'wrong' },
        headers: { 'x-forwarded-for': `2001:db8:1:2::${at.toString(16)}` },
      });
    const statuses: number[] = [];
    for (let at = 0; at < 22; at++) statuses.push((await guess(at)).status);
    expect(statuses).toEqual([...Array(20).fill(401), 429, 429]);
  });

  test('is renewed without the password, and ended as a whole', async () => {
    const first = await house.logIn('vera');
    const renewed = await house.ask('POST', '/api/v3/token/renew', { token: first });
    expect([renewed.status, renewed.body.token_type]).toEqual([200, 'Bearer']);
    const second = String(renewed.body.access_token);
    for (const token of [first, second]) expect((await house.ask('GET', '/', { token })).status).toBe(200);
    expect((await house.ask('DELETE', '/api/v3/token', { token: second })).status).toBe(204);
    for (const token of [first, second]) expect((await house.ask('GET', '/', { token })).status).toBe(401);
    expect((await house.ask('POST', '/api/v3/token/renew', { token: second })).status).toBe(401);
  });
});

describe('a user with a password of another’s choice', () => {
  test('may do nothing but look at himself, choose his own, and log out', async () => {
    const json = { name: 'newt', role: 'admin', password: right, must_change_password: true };
    expect((await house.ask('POST', '/api/v1/users', { token: staff.admin, json })).status).toBe(201);
    const token = await house.logIn('newt');
    for (const path of ['/', '/api/v1/users', '/api/v1/tokens', '/tickets', '/metrics', '/api/v1/audit']) {
      const { status, body } = await house.ask('GET', path, { token });
      expect([status, body.error], path).toEqual([403, 'password_change_required']);
    }
    expect((await house.ask('GET', '/v2/keys/', { token })).status).toBe(401);
    expect((await house.ask('GET', '/api/v1/users/newt', { token })).body).toMatchObject({ must_change_password: true });
    expect((await house.ask('GET', '/api/v1/users/root', { token })).status).toBe(404);
    const wrong = { password: another, current_password: 'wrong' };
    expect((await house.ask('PUT', '/api/v1/users/newt/password', { token, json: wrong })).status).toBe(403);
    const chosen = { password: another, current_password: right };
    expect((await house.ask('PUT', '/api/v1/users/newt/password', { token, json: chosen })).status).toBe(204);
    expect((await house.ask('GET', '/', { token })).status).toBe(401);
    const own = await house.logIn('newt', another);
    expect((await house.ask('GET', '/api/v1/users', { token: own })).status).toBe(200);
    expect((await house.ask('DELETE', '/api/v3/token', { token: own })).status).toBe(204);
  });
});

describe('who may see what', () => {
  test('others are as if they were not, to all but administrators; oneself one sees', async () => {
    expect((await house.ask('GET', '/api/v1/users/root', { token: staff.viewer })).status).toBe(404);
    expect((await house.ask('GET', '/api/v1/users/nobody', { token: staff.viewer })).status).toBe(404);
    expect((await house.ask('PUT', '/api/v1/users/root/password', { token: staff.operator, json: { password: another } })).status).toBe(
      404,
    );
    expect((await house.ask('POST', '/api/v1/users/root/logout', { token: staff.operator })).status).toBe(404);
    expect((await house.ask('GET', '/api/v1/tokens?user=root', { token: staff.viewer })).status).toBe(404);
    const self = await house.ask('GET', '/api/v1/users/VERA', { token: staff.viewer });
    expect([self.status, self.body.name]).toEqual([200, 'vera']);
    expect(self.text).not.toContain('argon2');
  });

  test('what one sees and may not change answers 403', async () => {
    const { headers } = await house.ask('GET', '/api/v1/users/vera', { token: staff.viewer });
    const json = { role: 'admin' };
    const change = await house.ask('PATCH', '/api/v1/users/vera', {
      token: staff.viewer,
      json,
      headers: { 'if-match': String(headers.etag) },
    });
    expect([change.status, change.headers['www-authenticate']]).toEqual([403, 'Bearer realm="weir", error="insufficient_scope"']);
  });

  test('users are not changed blindly, nor by an old version', async () => {
    const path = '/api/v1/users/vera';
    const json = { role: 'operator' };
    expect((await house.ask('PATCH', path, { token: staff.admin, json })).status).toBe(428);
    expect((await house.ask('PATCH', path, { token: staff.admin, json, headers: { 'if-match': '"1"' } })).status).toBe(412);
    // Who says that any version will do is not in the way of others who do.
    const change = { token: staff.admin, json: { is_disabled: false }, headers: { 'if-match': '*' } };
    const changes = await Promise.all(Array.from({ length: 8 }, () => house.ask('PATCH', path, change)));
    expect(changes.map(({ status }) => status)).toEqual(Array(8).fill(200));
    const gone = { token: staff.admin, json, headers: { 'if-match': '*' } };
    expect((await house.ask('PATCH', '/api/v1/users/nobody', gone)).status).toBe(404);
  });

  test('a role that was taken is gone at once, whatever the token says', async () => {
    await house.ask('POST', '/api/v1/users', { token: staff.admin, json: { name: 'dora', role: 'admin', password: right } });
    const token = await house.logIn('dora');
    const { headers } = await house.ask('GET', '/api/v1/users/dora', { token: staff.admin });
    const json = { role: 'viewer' };
    await house.ask('PATCH', '/api/v1/users/dora', { token: staff.admin, json, headers: { 'if-match': String(headers.etag) } });
    expect((await house.ask('GET', '/api/v1/users', { token })).status).toBe(401);
    expect((await house.ask('GET', '/api/v1/users', { token: await house.logIn('dora') })).status).toBe(403);
  });

  test('a name that is used again inherits no token', async () => {
    const add = (role: string) => house.ask('POST', '/api/v1/users', { token: staff.admin, json: { name: 'twin', role, password: right } });
    await add('viewer');
    const token = await house.logIn('twin');
    const personal = (await house.ask('POST', '/api/v1/tokens', { token, json: { title: 'old' } })).body.token as string;
    const { headers } = await house.ask('GET', '/api/v1/users/twin', { token: staff.admin });
    await house.ask('DELETE', '/api/v1/users/twin', { token: staff.admin, headers: { 'if-match': String(headers.etag) } });
    await add('admin');
    for (const old of [token, personal]) expect((await house.ask('GET', '/', { token: old })).status).toBe(401);
  });
});

describe('personal tokens', () => {
  test('are shown once, do no more than they were made for, and make no others', async () => {
    const json = { title: 'nightly', role: 'viewer', days: 1 };
    const made = await house.ask('POST', '/api/v1/tokens', { token: staff.admin, json });
    expect([made.status, made.headers['cache-control'], made.headers.location]).toEqual([
      201,
      'no-store',
      `/api/v1/tokens/${made.body.id}`,
    ]);
    const token = String(made.body.token);
    expect((await house.ask('GET', '/api/v1/tokens', { token })).text).not.toContain(token);
    expect((await house.ask('GET', '/', { token })).status).toBe(200);
    expect((await house.ask('GET', '/api/v1/users', { token })).status).toBe(403);
    expect((await house.ask('POST', '/api/v1/tokens', { token, json })).status).toBe(403);
    expect((await house.ask('POST', '/api/v3/token/renew', { token })).status).toBe(403);
    const next = await house.ask('POST', `/api/v1/tokens/${made.body.id}/rotate`, { token });
    expect([next.status, next.body.role]).toEqual([201, 'viewer']);
    expect((await house.ask('GET', '/', { token })).status).toBe(401);
    const fresh = String(next.body.token);
    expect((await house.ask('DELETE', `/api/v1/tokens/${next.body.id}`, { token: fresh })).status).toBe(204);
    expect((await house.ask('GET', '/', { token: fresh })).status).toBe(401);
  });

  test('of others are not there', async () => {
    const made = await house.ask('POST', '/api/v1/tokens', { token: staff.admin, json: { title: 'mine' } });
    const path = `/api/v1/tokens/${made.body.id}`;
    expect((await house.ask('GET', path, { token: staff.viewer })).status).toBe(404);
    expect((await house.ask('DELETE', path, { token: staff.viewer })).status).toBe(404);
    expect((await house.ask('POST', `${path}/rotate`, { token: staff.viewer })).status).toBe(404);
    expect((await house.ask('POST', '/api/v1/tokens', { token: staff.viewer, json: { title: 'up', role: 'admin' } })).status).toBe(403);
  });
});

describe('surfaces', () => {
  test('that the configuration opens are open to the network it names, as far as the role goes', async () => {
    const from = { 'x-forwarded-for': '127.0.0.2' };
    expect((await house.ask('GET', '/tickets', { headers: from })).status).toBe(200);
    const json = { value: 'Switch is down' };
    expect((await house.ask('POST', '/tickets', { headers: from, json })).status).toBe(403);
    expect((await house.ask('GET', '/tickets', { headers: { 'x-forwarded-for': '127.0.0.3' } })).status).toBe(401);
    expect((await house.ask('GET', '/api/v1/users', { headers: from })).status).toBe(401);
  });

  test('of etcd refuse in its own words', async () => {
    const { status, body } = await house.ask('PUT', '/v2/keys/a', { form: 'value=1' });
    expect([status, body]).toEqual([
      401,
      { errorCode: 110, message: 'The request requires user authentication', cause: 'Insufficient credentials', index: 0 },
    ]);
    expect((await house.ask('PUT', '/v2/keys/a', { form: 'value=1', token: staff.viewer })).status).toBe(401);
    expect((await house.ask('PUT', '/v2/keys/a', { form: 'value=1', token: staff.operator })).status).toBe(201);
    expect((await house.ask('GET', '/v2/keys/a', { token: staff.viewer })).status).toBe(200);
  });
});

describe('who did it', () => {
  test('stands in the history of a ticket, whatever the request claims', async () => {
    const headers = { 'x-weir-user': 'somebody-else' };
    const made = await house.ask('POST', '/api/v1/tickets', { token: staff.operator, headers, json: { description: 'Switch is down' } });
    expect(made.status).toBe(201);
    const history = await house.ask('GET', `/api/v1/tickets/${made.body.id}/history`, { token: staff.viewer });
    expect(history.text).toContain('opal');
    expect(history.text).not.toContain('somebody-else');
  });

  test('of a job stands in the audit log with the address and the request', async () => {
    const headers = { 'x-forwarded-for': '198.51.100.8', 'x-request-id': 'job-7' };
    const made = await house.ask('POST', '/api/v1/jobs', { token: staff.operator, headers, json: { command: 'true' } });
    expect(made.status, made.text).toBe(201);
    const { body } = await house.ask('GET', '/api/v1/audit?action=jobs.submit', { token: staff.admin });
    expect((body.items as unknown[])[0]).toMatchObject({
      actor: 'opal',
      address: '198.51.100.8',
      requestId: 'job-7',
      target: made.body.id,
      outcome: 'ok',
    });
  });

  test('stands in the audit log, with the address and without secrets', async () => {
    await house.ask('GET', '/api/v1/audit', { token: staff.viewer, headers: { 'x-forwarded-for': '198.51.100.7' } });
    const { body, text } = await house.ask('GET', '/api/v1/audit?action=request.refused', { token: staff.admin });
    expect((body.items as unknown[])[0]).toMatchObject({
      actor: 'vera',
      address: '198.51.100.7',
      target: 'GET /api/v1/audit',
      outcome: 'refused',
    });
    for (const secret of [right, another, ...Object.values(staff)]) expect(text).not.toContain(secret);
    const check = await house.ask('GET', '/api/v1/audit/check', { token: staff.admin });
    expect(check.body).toMatchObject({ breaks: [], lines: expect.any(Number) });
  });
});

describe('the keys that sign', () => {
  test('are shown without their private parts, and rotate without ending logins', async () => {
    const jwks = await house.ask('GET', '/.well-known/jwks.json');
    expect([jwks.status, jwks.headers['cache-control']]).toEqual([200, 'max-age=300']);
    expect(Object.keys((jwks.body.keys as object[])[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    const rotated = await house.ask('POST', '/api/v1/signing-keys/rotate', { token: staff.admin, json: {} });
    expect((rotated.body.items as { state: string }[]).map(({ state }) => state)).toEqual(['current', 'next', 'retired']);
    expect(rotated.text).not.toContain('"d"');
    expect((await house.ask('GET', '/', { token: staff.admin })).status).toBe(200);
    await house.ask('POST', '/api/v1/signing-keys/rotate', { token: await house.logIn('root'), json: { at_once: true } });
    expect((await house.ask('GET', '/', { token: staff.admin })).status).toBe(200);
    expect((await house.ask('GET', '/', { token: await house.logIn('root') })).status).toBe(200);
  });
});
