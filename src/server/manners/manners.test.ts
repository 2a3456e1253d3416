import { Readable } from 'node:stream';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { Registry } from 'prom-client';
import { Type } from 'typebox';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ManualClock, manualClock } from '../../core/clock.ts';
import { loadConfig } from '../../core/config.ts';
import type { RoomRoutes } from '../../core/http.ts';
import { createLog } from '../../core/log.ts';
import { Problem } from '../../core/problem.ts';
import { MemoryEngine, Tree } from '../../keys/index.ts';
import { buildApp } from '../app.ts';
import { serverSettings } from '../config.ts';
import type { Door } from '../door.ts';

let made = 0;
let release: (() => void) | undefined;

const item = Type.Object({ id: Type.Integer(), updated_at: Type.Optional(Type.String()) });

/** A small room: lists, makes, tells a secret, streams. */
const gauges: RoomRoutes = async (app) => {
  const viewer = { role: 'viewer' } as const;
  const operator = { role: 'operator' } as const;
  const body = Type.Object({ name: Type.String({ minLength: 1 }) });
  app.get('/api/v1/gauges', { config: viewer, schema: { response: { 200: Type.Any() } } }, async () => ({
    items: [],
    links: { self: { href: '/api/v1/gauges' }, create: { href: '/api/v1/gauges', method: 'POST' } },
  }));
  app.get(
    '/api/v1/gauges/:id',
    { config: viewer, schema: { params: Type.Object({ id: Type.Integer() }), response: { 200: item } } },
    async () => ({
      id: 1,
      updated_at: '2026-11-22T10:00:00.500Z',
    }),
  );
  app.post('/api/v1/gauges', { config: operator, schema: { body, response: { 201: item } } }, async (request, reply) => {
    if (request.body.name === 'taken') throw new Problem('conflict', 'It is taken.');
    if (request.body.name === 'slow') await new Promise<void>((resolve) => (release = resolve));
    made += 1;
    return reply.code(201).header('location', `/api/v1/gauges/${made}`).header('etag', '"1"').send({ id: made });
  });
  app.post('/api/v1/secrets', { config: { ...operator, isSecret: true }, schema: { response: { 201: item } } }, async (_request, reply) => {
    made += 1;
    return reply.code(201).send({ id: made });
  });
  app.post('/api/v1/long', { config: operator }, async (_request, reply) =>
    reply.header('location', '/api/v1/long/1').send('x'.repeat(70_000)),
  );
  app.delete('/api/v1/gauges', { config: operator }, async (_request, reply) => reply.code(204).send());
  app.get('/api/v1/stream', { config: viewer, schema: { produces: ['text/plain'] } }, async (_request, reply) =>
    reply.type('text/plain').send(Readable.from(['row\n'])),
  );
  app.get('/api/v1/open', { config: { role: 'open' } }, async () => ({ open: true }));
  app.get('/v2/keys', { config: { role: 'viewer', surface: 'etcd-v2' } }, async () => ({ etcd: true }));
};

/** Whoever says his name is let in. */
const naive: Door = {
  hasUsers: true,
  addressOf: (address, forwarded) => forwarded || address,
  note: async () => {},
  enter: () => () => {},
  admit: ({ authorization: [name] }) => {
    if (name === undefined) throw new Problem('unauthenticated', 'Who are you?');
    return { name, role: 'admin', proof: 'token' };
  },
};

const defaults = loadConfig(serverSettings, {});
let clock: ManualClock;
let app: FastifyInstance;

async function build({ assignments = [], door = naive }: { assignments?: string[]; door?: Door | undefined } = {}): Promise<void> {
  await app?.close();
  const { server } = loadConfig(Type.Object({ server: serverSettings }), { assignments });
  app = await buildApp(
    { ...defaults, ...server },
    {
      log: createLog({ level: 'silent' }),
      clock,
      metrics: new Registry(),
      rooms: [{ name: 'gauges', routes: gauges }],
      ready: [],
      closing: new AbortController().signal,
      isLoopback: false,
      door,
      tree: new Tree(new MemoryEngine(), 'system'),
    },
  );
}

beforeEach(async () => {
  clock = manualClock(1_800_000_000_000);
  made = 0;
  await build();
});
afterEach(() => app.close());

type Asked = Omit<InjectOptions, 'headers'> & { headers?: Record<string, string>; as?: string | undefined };
const ask = (url: string, { as = 'ann', headers = {}, ...rest }: Asked = {}): Promise<LightMyRequestResponse> =>
  app.inject({ url, headers: { ...(as !== '' && { authorization: as }), ...headers }, ...rest } as InjectOptions);
const post = (payload: object | string, headers: Record<string, string> = {}, rest: Asked = {}): Promise<LightMyRequestResponse> =>
  ask('/api/v1/gauges', { method: 'POST', payload, headers: { 'content-type': 'application/json', ...headers }, ...rest });

describe('rate limits', () => {
  beforeEach(() => build({ assignments: ['server.rateLimit.user=3', 'server.rateLimit.address=2', 'server.rateLimit.window=60s'] }));

  test('tell in every answer what is left, in GitHub’s words and in those of the IETF', async () => {
    clock.advance(15_000);
    const { headers } = await ask('/api/v1/gauges');
    expect(headers).toMatchObject({
      'x-ratelimit-limit': '3',
      'x-ratelimit-remaining': '2',
      'x-ratelimit-used': '1',
      'x-ratelimit-reset': '1800000060',
      'x-ratelimit-resource': 'user',
      'ratelimit-policy': '"user";q=3;w=60',
      ratelimit: '"user";r=2;t=45',
    });
  });

  test('turn a user away with 429 until the window ends, and no other user', async () => {
    for (let count = 0; count < 3; count += 1) expect((await ask('/api/v1/gauges')).statusCode).toBe(200);
    clock.advance(20_000);
    const late = await ask('/api/v1/gauges');
    expect([late.statusCode, late.headers['retry-after'], late.headers['x-ratelimit-remaining']]).toEqual([429, '40', '0']);
    expect(late.json()).toMatchObject({ code: 'exhausted', status: 429, retryAfterSeconds: 40 });
    expect((await ask('/api/v1/gauges', { as: 'ben' })).statusCode).toBe(200);
    clock.advance(40_000);
    expect((await ask('/api/v1/gauges')).statusCode).toBe(200);
  });

  test('count those who are not let in by their address', async () => {
    const from = (address: string, url = '/api/v1/gauges') => ask(url, { as: '', headers: { 'x-forwarded-for': address } });
    const refused = await from('192.0.2.1');
    expect([refused.statusCode, refused.headers['x-ratelimit-resource'], refused.headers['x-ratelimit-remaining']]).toEqual([
      401,
      'address',
      '1',
    ]);
    expect((await from('192.0.2.1', '/api/v1/open')).statusCode).toBe(200);
    expect((await from('192.0.2.1', '/api/v1/open')).statusCode).toBe(429);
    expect((await from('192.0.2.2', '/api/v1/open')).statusCode).toBe(200);
    for (const address of ['2001:db8::1', '2001:db8::ffff:1', '2001:db8:0:0:9::']) {
      expect([address, (await from(address, '/api/v1/open')).headers['x-ratelimit-resource']]).toEqual([address, 'address']);
    }
    expect((await from('2001:db8::5', '/api/v1/open')).statusCode).toBe(429);
    expect((await from('2001:db8:0:1::5', '/api/v1/open')).statusCode).toBe(200);
  });

  test('leave probes and etcd’s API alone', async () => {
    for (const url of ['/healthz', '/readyz', '/v2/keys']) {
      for (let count = 0; count < 5; count += 1) {
        const answer = await ask(url);
        expect([url, answer.statusCode, answer.headers['x-ratelimit-limit']]).toEqual([url, 200, undefined]);
      }
    }
  });

  test('0 is no limit', async () => {
    await build({ assignments: ['server.rateLimit.user=0'] });
    expect((await ask('/api/v1/gauges')).headers['x-ratelimit-limit']).toBe(undefined);
  });
});

describe('CORS', () => {
  const origin = 'https://desk.example';
  beforeEach(() => build({ assignments: [`server.cors=${origin}`] }));

  test('lets pages of a listed origin read answers, refusals included', async () => {
    for (const as of ['ann', '']) {
      const { headers } = await ask('/api/v1/gauges', { as, headers: { origin } });
      expect(headers['access-control-allow-origin']).toBe(origin);
      expect(headers['access-control-expose-headers']).toMatch(/ETag, Link, Location, Retry-After.*X-RateLimit-Reset/);
      expect(headers['access-control-allow-credentials']).toBe(undefined);
      expect(headers.vary).toContain('Origin');
    }
  });

  test('answers a preflight without a login', async () => {
    const headers = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };
    const answer = await ask('/api/v1/gauges', { as: '', method: 'OPTIONS', headers });
    expect([answer.statusCode, answer.headers['access-control-allow-methods']]).toEqual([204, 'DELETE, GET, HEAD, OPTIONS, POST']);
    expect(answer.headers['access-control-allow-headers']).toMatch(/Authorization, .*Idempotency-Key/);
    expect(answer.headers['access-control-max-age']).toBe('600');
  });

  test.each([
    'https://desk.example.evil',
    'https://evil-desk.example',
    'http://desk.example',
    'https://desk.example:444',
    'null',
    'https://DESK.example',
  ])('says nothing to %s, and still varies by origin', async (other) => {
    for (const method of ['GET', 'OPTIONS'] as const) {
      const { headers } = await ask('/api/v1/gauges', { method, headers: { origin: other, 'access-control-request-method': 'GET' } });
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(headers.vary).toContain('Origin');
    }
  });

  test('leaves etcd’s API alone', async () => {
    expect((await ask('/v2/keys', { headers: { origin } })).headers['access-control-allow-origin']).toBe(undefined);
  });

  test('is off by default', async () => {
    await build();
    const { headers } = await ask('/api/v1/gauges', { headers: { origin } });
    expect([headers['access-control-allow-origin'], headers.vary]).toEqual([undefined, 'Authorization, Accept']);
  });

  test.each([
    '*',
    'null',
    'desk.example',
    'https://desk.example/',
    'https://desk.example/x',
    'https://*.example',
    'https://desk.example:443',
    'file://x',
  ])('does not start with the origin %s', async (wrong) => {
    await expect(build({ assignments: [`server.cors=${wrong}`] })).rejects.toThrow('is not an origin');
  });
});

describe('X-Weir-Api-Version', () => {
  test.each([
    [undefined, 200],
    ['2026-11-22', 200],
    ['2020-01-01', 400],
    ['1', 400],
  ])('%s gives %i', async (version, status) => {
    const answer = await ask('/api/v1/gauges', { headers: version === undefined ? {} : { 'x-weir-api-version': version } });
    expect([answer.statusCode, answer.headers['x-weir-api-version']]).toEqual([status, '2026-11-22']);
    if (status === 400) expect(answer.json()).toMatchObject({ pointer: 'x-weir-api-version', versions: ['2026-11-22'] });
  });

  test('is none of etcd’s', async () => {
    const answer = await ask('/v2/keys', { headers: { 'x-weir-api-version': '1' } });
    expect([answer.statusCode, answer.headers['x-weir-api-version']]).toEqual([200, undefined]);
  });
});

describe('Idempotency-Key', () => {
  const key = { 'idempotency-key': '8e03978e-40d5-43dd-bc93-6894a57f9324' };

  test('does a thing once and gives the same answer again', async () => {
    const first = await post({ name: 'a' }, key);
    const again = await post({ name: 'a' }, key);
    expect([again.statusCode, again.body, again.headers.location, again.headers.etag]).toEqual([
      201,
      first.body,
      '/api/v1/gauges/1',
      '"1"',
    ]);
    expect([first.headers['idempotent-replayed'], again.headers['idempotent-replayed'], made]).toEqual([undefined, 'true', 1]);
    expect((await post({ name: 'a' }, { ...key, accept: '*/*' })).body).toBe('{\n  "id": 1\n}\n');
  });

  test('is everybody’s own', async () => {
    await post({ name: 'a' }, key);
    await post({ name: 'a' }, key, { as: 'ben' });
    expect(made).toBe(2);
  });

  test('without it everything is done anew', async () => {
    await post({ name: 'a' });
    await post({ name: 'a' });
    expect(made).toBe(2);
  });

  test('with another body, or at another path, it is refused', async () => {
    await post({ name: 'a' }, key);
    const other = await post({ name: 'b' }, key);
    expect([other.statusCode, other.json().pointer, made]).toEqual([422, 'idempotency-key', 1]);
    expect((await ask('/api/v1/long', { method: 'POST', headers: key })).statusCode).toBe(422);
  });

  test('while the first is being answered, the second is a conflict', async () => {
    const first = post({ name: 'slow' }, key);
    await expect.poll(() => release).toBeDefined();
    const second = await post({ name: 'slow' }, key);
    expect([second.statusCode, second.headers['retry-after']]).toEqual([409, '1']);
    release?.();
    expect((await first).statusCode).toBe(201);
    expect((await post({ name: 'slow' }, key)).headers['idempotent-replayed']).toBe('true');
    expect(made).toBe(1);
  });

  test('what was refused can be tried again, even with another body', async () => {
    expect((await post({ name: 'taken' }, key)).statusCode).toBe(409);
    expect((await post({ name: '' }, key)).statusCode).toBe(422);
    expect((await post({ name: 'free' }, key)).statusCode).toBe(201);
  });

  test('answers with secrets are not kept', async () => {
    for (const id of [1, 2]) expect((await ask('/api/v1/secrets', { method: 'POST', headers: key })).json()).toEqual({ id });
  });

  test('a long answer is not kept, but not done again either', async () => {
    expect((await ask('/api/v1/long', { method: 'POST', headers: key })).statusCode).toBe(200);
    const again = await ask('/api/v1/long', { method: 'POST', headers: key });
    expect([again.statusCode, again.json().location]).toEqual([409, '/api/v1/long/1']);
  });

  test.each(['', 'a b', 'x'.repeat(256), 'ä'])('%j is no key', async (wrong) => {
    const answer = await post({ name: 'a' }, { 'idempotency-key': wrong });
    expect([answer.statusCode, answer.json().pointer]).toEqual([400, 'idempotency-key']);
  });
});

describe('conditional requests', () => {
  test('an answer behind a login is private, asked about each time, and depends on who asks', async () => {
    const { headers } = await ask('/api/v1/gauges');
    expect([headers['cache-control'], headers.vary]).toEqual(['private, no-cache', 'Authorization, Accept']);
  });

  test.each([
    ['a probe', 'GET', '/healthz'],
    ['a refusal', 'GET', '/nowhere'],
    ['what was done', 'DELETE', '/api/v1/gauges'],
  ])('%s is not kept', async (_title, method, url) => {
    const { headers } = await ask(url, { method: method as 'GET' });
    expect([headers['cache-control'], headers.etag]).toEqual(['no-store', undefined]);
  });

  test('304 for what has not changed, indented or compact, for GET and HEAD', async () => {
    const { headers } = await ask('/api/v1/gauges');
    const etag = String(headers.etag);
    expect(etag).toMatch(/^W\/"[\w-]{22}"$/);
    for (const method of ['GET', 'HEAD'] as const) {
      for (const accept of ['application/json', '*/*']) {
        const answer = await ask('/api/v1/gauges', { method, headers: { 'if-none-match': `"x", ${etag}`, accept } });
        expect([answer.statusCode, answer.body, answer.headers.etag]).toEqual([304, '', etag]);
        expect(answer.headers).toMatchObject({ 'cache-control': 'private, no-cache', vary: 'Authorization, Accept' });
        expect([answer.headers['content-type'], answer.headers['content-length']]).toEqual([undefined, undefined]);
      }
    }
    expect((await ask('/api/v1/gauges', { headers: { 'if-none-match': 'W/"other"' } })).statusCode).toBe(200);
  });

  test('HEAD has the tag of GET', async () => {
    const get = await ask('/api/v1/gauges');
    const head = await ask('/api/v1/gauges', { method: 'HEAD' });
    expect([head.headers.etag, head.headers['content-length'], head.body]).toEqual([get.headers.etag, get.headers['content-length'], '']);
  });

  test('Last-Modified comes from updated_at, and counts where no tag is asked about', async () => {
    const { headers } = await ask('/api/v1/gauges/1');
    expect(headers['last-modified']).toBe('Sun, 22 Nov 2026 10:00:00 GMT');
    const asked = (more: Record<string, string>) =>
      ask('/api/v1/gauges/1', { headers: { 'if-modified-since': String(headers['last-modified']), ...more } });
    expect((await asked({})).statusCode).toBe(304);
    expect((await asked({ 'if-none-match': '"x"' })).statusCode).toBe(200);
    expect((await asked({ 'if-modified-since': 'Sun, 22 Nov 2026 09:59:59 GMT' })).statusCode).toBe(200);
    expect((await asked({ 'if-modified-since': 'yesterday' })).statusCode).toBe(200);
  });

  test('streams have no tag', async () => {
    expect((await ask('/api/v1/stream')).headers.etag).toBe(undefined);
  });
});

describe('media types', () => {
  test.each([
    ['GET', '/api/v1/gauges', 'text/html', 406],
    ['GET', '/api/v1/gauges', 'application/json;q=0', 406],
    ['HEAD', '/api/v1/gauges', 'image/*', 406],
    ['GET', '/api/v1/gauges', 'text/html, */*;q=0.1', 200],
    ['GET', '/api/v1/gauges', 'application/*', 200],
    ['GET', '/api/v1/gauges', 'not readable', 200],
    ['GET', '/api/v1/stream', 'application/json', 406],
    ['GET', '/api/v1/stream', 'text/plain', 200],
    ['DELETE', '/api/v1/gauges', 'text/html', 204],
    ['POST', '/api/v1/gauges', 'text/html', 406],
    ['OPTIONS', '/api/v1/gauges', 'text/html', 204],
    ['GET', '/v2/keys', 'text/html', 200],
  ] as const)('%s %s with Accept %s gives %i', async (method, url, accept, status) => {
    const body = method === 'POST' && { payload: { name: 'a' } };
    const answer = await ask(url, { method, headers: { accept }, ...body });
    expect(answer.statusCode).toBe(status);
    if (status === 406) expect(answer.headers['content-type']).toMatch(/^application\/problem\+json\b/);
    expect(made).toBe(0);
  });

  test.each([
    ['application/json', '{"name":"a","name":"b"}', 400, '/name'],
    ['application/json', '{"name":"a","__proto__":{}}', 400, '/__proto__'],
    ['application/json', '{"name":', 400, undefined],
    ['application/json', '{"name":1}', 422, '/name'],
    ['application/json', '{}', 422, '/name'],
    ['application/json; charset=utf-8', '{"name":"a"}', 201, undefined],
    ['text/plain', '{"name":"a"}', 415, 'content-type'],
    ['application/x-www-form-urlencoded', 'name=a', 415, 'content-type'],
  ])('a body of %s %s gives %i', async (type, payload, status, pointer) => {
    const answer = await post(payload, { 'content-type': type });
    expect([answer.statusCode, answer.json().pointer]).toEqual([status, pointer]);
    if (status === 415)
      expect([answer.headers.accept, answer.json().detail]).toEqual(['application/json', `expected application/json, got ${type}`]);
    if (status === 422) expect(answer.json().errors).toEqual([{ pointer, detail: expect.any(String) }]);
  });
});

describe('links', () => {
  test('of the body stand in the header, those that a GET follows', async () => {
    expect((await ask('/api/v1/gauges')).headers.link).toBe('<http://localhost:80/api/v1/gauges>; rel="self"');
  });

  test('an answer without any says what it is', async () => {
    expect((await ask('/api/v1/open', { headers: { host: '[::1]:80' } })).headers.link).toBe(
      '<http://[::1]:80/api/v1/open>; rel="self", <http://[::1]:80/>; rel="index"',
    );
  });

  test.each([{ via: '1.1 gate' }, { 'x-forwarded-for': '192.0.2.1' }, { host: 'a"b' }])(
    'are relative for a request with %j',
    async (headers) => {
      expect((await ask('/api/v1/gauges', { headers })).headers.link).toBe('</api/v1/gauges>; rel="self"');
    },
  );
});
