import { Readable } from 'node:stream';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { Registry } from 'prom-client';
import { Type } from 'typebox';
import { afterEach, describe, expect, test } from 'vitest';
import { manualClock } from '../core/clock.ts';
import { loadConfig } from '../core/config.ts';
import type { RoomRoutes } from '../core/http.ts';
import { createLog } from '../core/log.ts';
import { Problem } from '../core/problem.ts';
import { type AppDependencies, buildApp } from './app.ts';
import { type ServerConfig, serverSettings } from './config.ts';

let streamEnded = 0;

/** A small room that behaves and misbehaves in every way a real one might. */
const gauges: RoomRoutes = async (app) => {
  const config = { role: 'viewer' } as const;
  const item = Type.Object({ id: Type.Integer(), name: Type.String() });
  const query = Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10 })),
    order: Type.Optional(Type.Union([Type.Literal('up'), Type.Literal('down')])),
    unit: Type.Optional(Type.Enum(['seconds', 'bytes'])),
  });
  app.get(
    '/api/v1/gauges',
    { config: { ...config, collection: { title: 'Gauges' } }, schema: { querystring: query } },
    async (request) => ({ got: request.query }),
  );
  app.get('/api/v1/gauges/summary', { config: { ...config, live: { title: 'Gauges' } } }, async () => ({ gauges: 3 }));
  app.post('/api/v1/gauges', { config: { role: 'operator' }, schema: { body: item } }, async (request, reply) =>
    reply.code(201).send(request.body),
  );
  app.get('/api/v1/gauges/:id', { config }, async () => {
    throw new Problem('not-found', 'There is no gauge 7.', { detail: 'expected one of 1, 2', hint: 'weir gauges list', facts: { id: 7 } });
  });
  app.get('/api/v1/broken', { config }, async () => {
    throw new Error('the secret of the house');
  });
  app.get('/api/v1/stream', { config }, async (_request, reply) => {
    const rows = Readable.from(
      (function* () {
        for (;;) yield 'row\n';
      })(),
    );
    rows.on('close', () => {
      streamEnded += 1;
    });
    return reply.type('text/plain').send(rows);
  });
};

const defaults = loadConfig(serverSettings, {});
const apps: FastifyInstance[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

async function build(config: Partial<ServerConfig> = {}, deps: Partial<AppDependencies> = {}): Promise<FastifyInstance> {
  const app = await buildApp(
    { ...defaults, ...config },
    {
      log: createLog({ level: 'silent' }),
      clock: manualClock(),
      metrics: new Registry(),
      rooms: [{ name: 'gauges', routes: gauges }],
      ready: [],
      closing: new AbortController().signal,
      isLoopback: true,
      ...deps,
    },
  );
  apps.push(app);
  return app;
}

const ask = async (request: InjectOptions | string, app?: FastifyInstance) => (app ?? (await build())).inject(request);

describe('methods', () => {
  test('OPTIONS answers 204 with what works there', async () => {
    const answer = await ask({ method: 'OPTIONS', url: '/api/v1/gauges' });
    expect([answer.statusCode, answer.headers.allow, answer.body]).toEqual([204, 'GET, HEAD, OPTIONS, POST', '']);
  });

  test.each([
    ['DELETE', '/api/v1/gauges', 'GET, HEAD, OPTIONS, POST'],
    ['PUT', '/api/v1/gauges/7', 'GET, HEAD, OPTIONS'],
    ['TRACE', '/', 'GET, HEAD, OPTIONS'],
    ['PROPFIND', '/api/v1/gauges?limit=0', 'GET, HEAD, OPTIONS, POST'],
  ])('%s %s is refused with 405 and Allow', async (method, url, allow) => {
    const answer = await ask({ method: method as 'PUT', url });
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, allow]);
    expect(answer.json()).toMatchObject({ code: 'method-not-allowed', status: 405 });
  });

  test('405 comes before complaints about the body', async () => {
    const answer = await ask({ method: 'PUT', url: '/api/v1/gauges', headers: { 'content-type': 'application/json' }, payload: '{' });
    expect(answer.statusCode).toBe(405);
  });

  test('HEAD says what GET would, without a body', async () => {
    const app = await build();
    const head = await ask({ method: 'HEAD', url: '/healthz' }, app);
    const get = await ask('/healthz', app);
    expect([head.statusCode, head.body, head.headers['content-length']]).toEqual([200, '', get.headers['content-length']]);
  });

  test('HEAD of a stream ends the stream at once', async () => {
    const before = streamEnded;
    const answer = await ask({ method: 'HEAD', url: '/api/v1/stream' });
    expect([answer.statusCode, answer.body, answer.headers['content-type']]).toEqual([200, '', 'text/plain']);
    expect(answer.headers['content-length']).toBe(undefined);
    expect(streamEnded).toBe(before + 1);
  });
});

describe('errors', () => {
  test('a problem becomes problem+json with all its parts', async () => {
    const answer = await ask({ url: '/api/v1/gauges/7?limit=1', headers: { 'x-request-id': 'abc-1' } });
    expect(answer.statusCode).toBe(400);
    const right = await ask({ url: '/api/v1/gauges/7', headers: { 'x-request-id': 'abc-1' } });
    expect(right.headers['content-type']).toMatch(/^application\/problem\+json\b/);
    expect(right.json()).toEqual({
      type: '/problems/not-found',
      title: 'There is no gauge 7.',
      status: 404,
      code: 'not-found',
      detail: 'expected one of 1, 2',
      hint: 'weir gauges list',
      instance: '/api/v1/gauges/7',
      requestId: 'abc-1',
      id: 7,
    });
  });

  test('an unknown error tells the client its id and nothing else', async () => {
    const lines: string[] = [];
    const log = createLog({ level: 'error', stream: { write: (line) => lines.push(line) }, isPretty: false });
    const answer = await ask('/api/v1/broken', await build({}, { log }));
    const id = answer.headers['x-request-id'] as string;
    expect(answer.json()).toMatchObject({ code: 'internal', status: 500, requestId: id });
    expect(answer.body).not.toContain('secret');
    expect(lines.join('')).toContain('the secret of the house');
    expect(lines.join('')).toContain(id);
  });

  test('a path that does not exist suggests the nearest', async () => {
    const answer = await ask('/api/v1/guages');
    expect([answer.statusCode, answer.json().hint, answer.json().links.nearest.href]).toEqual([
      404,
      'did you mean /api/v1/gauges?',
      '/api/v1/gauges',
    ]);
  });

  test.each([
    ['/api/v1/gauges?limti=5', 'limti', 'did you mean "limit"?'],
    ['/healthz?x=1', 'x', undefined],
  ])('%s: an unknown parameter is refused', async (url, pointer, hint) => {
    const answer = await ask(url);
    expect([answer.statusCode, answer.json().pointer, answer.json().hint]).toEqual([400, pointer, hint]);
  });

  test.each([
    ['/api/v1/gauges?limit=abc', 'expected a value of type integer, got "abc"'],
    ['/api/v1/gauges?limit=1.5', 'expected a value of type integer, got "1.5"'],
    ['/api/v1/gauges?limit=11', 'expected a number <= 10, got 11'],
    ['/api/v1/gauges?order=sideways', 'expected one of up, down, got "sideways"'],
  ])('%s: %s', async (url, detail) => {
    const answer = await ask(url);
    expect([answer.statusCode, answer.json().detail]).toEqual([400, detail]);
  });

  test.each([
    ['/api/v1/gauges?order=donw', 'did you mean "down"?'],
    ['/api/v1/gauges?unit=secnods', 'did you mean "seconds"?'],
    ['/api/v1/gauges?order=sideways', undefined],
    ['/api/v1/gauges?limit=abc', undefined],
  ])('%s: a misspelt word is shown the nearest one', async (url, hint) => {
    const answer = await ask(url);
    expect([answer.statusCode, answer.json().hint]).toEqual([400, hint]);
  });

  test.each([
    ['application/json', '{"id":', 400, 'invalid'],
    ['application/json', '', 400, 'invalid'],
    ['application/json', '{"id":"7","name":"x"}', 422, 'unprocessable'],
    ['application/json', '{"id":7,"nam":"x"}', 422, 'unprocessable'],
    ['text/html', '<p>', 415, 'unsupported-media'],
    ['application/json', JSON.stringify({ id: 7, name: 'x'.repeat(2 ** 20) }), 413, 'too-large'],
    ['application/json', '{"id":7,"name":"x"}', 201, undefined],
  ])('POST of %s %.20s gives %i', async (type, payload, status, code) => {
    const answer = await ask({ method: 'POST', url: '/api/v1/gauges', headers: { 'content-type': type }, payload });
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
  });

  test('broken percent-encoding is a problem too', async () => {
    const answer = await ask('/api/v1/gauges/%zz');
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json\b/);
    expect(answer.json()).toMatchObject({ code: 'invalid', status: 400 });
  });

  test('the type of a problem leads to its meaning', async () => {
    const app = await build();
    const { type } = (await ask('/nowhere', app)).json();
    expect((await ask(type, app)).json()).toMatchObject({ code: 'not-found', status: 404, exitCode: 3 });
    expect((await ask('/problems/odd', app)).statusCode).toBe(404);
  });
});

describe('request ids', () => {
  test.each([
    ['a sane one is kept', 'trace-1.2_3', true],
    ['one with blanks is replaced', 'a b', false],
    ['one that is too long is replaced', 'x'.repeat(200), false],
  ])('%s', async (_title, offered, isKept) => {
    const answer = await ask({ url: '/healthz', headers: { 'x-request-id': offered } });
    expect(answer.headers['x-request-id'] === offered).toBe(isKept);
  });

  test('no two requests share one', async () => {
    const app = await build();
    const ids = new Set<unknown>();
    for (let count = 0; count < 50; count += 1) ids.add((await ask('/healthz', app)).headers['x-request-id']);
    expect(ids.size).toBe(50);
  });
});

describe('pages of other sites', () => {
  const cases: [string, Record<string, string>, number][] = [
    ['localhost', { host: 'localhost:8080' }, 200],
    ['127.0.0.2', { host: '127.0.0.2:8080' }, 200],
    ['IPv6 loopback', { host: '[::1]:8080' }, 200],
    ['a configured name', { host: 'weir.home:8080' }, 200],
    ['a name that points here (DNS rebinding)', { host: 'evil.example' }, 403],
    ['a name that looks local', { host: '127.0.0.1.evil.example' }, 403],
    ['our own origin', { host: 'localhost:8080', origin: 'http://localhost:8080' }, 200],
    ['a foreign origin', { host: 'localhost:8080', origin: 'https://evil.example' }, 403],
    ['another port of this machine', { host: 'localhost:8080', origin: 'http://localhost:3000' }, 403],
    ['an opaque origin', { host: 'localhost:8080', origin: 'null' }, 403],
    [
      'an image on a foreign page',
      { host: 'localhost:8080', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
      403,
    ],
    [
      'a link on a foreign page',
      { host: 'localhost:8080', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
      200,
    ],
    [
      'a frame on a foreign page',
      { host: 'localhost:8080', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
      403,
    ],
  ];
  test.each(cases)('%s', async (_title, headers, status) => {
    const app = await build({ hostNames: ['weir.home'] });
    for (const url of ['/healthz', '/nowhere']) {
      expect((await ask({ url, headers }, app)).statusCode).toBe(url === '/nowhere' && status === 200 ? 404 : status);
    }
  });
});

describe('root', () => {
  test('links every collection and says that it is online', async () => {
    const answer = await ask('/');
    expect(answer.json()).toMatchObject({ name: 'weir', status: 'online', links: { gauges: { href: '/api/v1/gauges', title: 'Gauges' } } });
    expect(answer.headers.link).toContain('/openapi.json>; rel="service-desc"');
    expect(answer.headers).toMatchObject({
      'x-weir-api-version': '2026-11-22',
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-cache',
    });
  });

  test('every link of it works', async () => {
    const app = await build();
    for (const { href } of Object.values((await ask('/', app)).json().links as Record<string, { href: string }>)) {
      expect([href, (await ask(href, app)).statusCode]).toEqual([href, 200]);
    }
  });

  test('is a page for browsers, whose policy allows only its own script', async () => {
    const answer = await ask({ url: '/', headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.headers['content-security-policy']).toMatch(/script-src 'sha256-/);
    expect(answer.body).toContain('<h1>Weir</h1>');
    expect(answer.body).not.toMatch(/https?:\/\/(?!this-server)/);
  });

  test.each([
    ['text/html', 'text/html; charset=utf-8'],
    ['application/json, text/html;q=0.5', 'application/json; charset=utf-8'],
    ['*/*', 'application/json; charset=utf-8'],
  ])('answers what is asked for: %s', async (accept, type) => {
    expect((await ask({ url: '/', headers: { accept } })).headers['content-type']).toBe(type);
  });

  test('JSON is indented for curl and compact for programs', async () => {
    const app = await build();
    expect((await ask({ url: '/healthz', headers: { accept: '*/*' } }, app)).body).toBe('{\n  "status": "up"\n}\n');
    expect((await ask({ url: '/healthz', headers: { accept: 'application/json' } }, app)).body).toBe('{"status":"up"}');
  });
});

describe('probes and metrics', () => {
  test('readyz names the part that is not ready', async () => {
    const ready = [
      { name: 'flows', check: async () => 'the store is opening' },
      { name: 'keys', check: async () => undefined },
      { name: 'scans', check: () => Promise.reject(new Error('lost')) },
    ];
    const answer = await ask('/readyz', await build({}, { ready }));
    expect([answer.statusCode, answer.headers['retry-after'], answer.json().parts]).toEqual([
      503,
      '5',
      { flows: 'the store is opening', keys: 'ready', scans: 'lost' },
    ]);
  });

  test('readyz turns away requests while the server stops', async () => {
    const closing = new AbortController();
    const app = await build({}, { closing: closing.signal });
    expect((await ask('/readyz', app)).statusCode).toBe(200);
    closing.abort();
    expect([(await ask('/readyz', app)).statusCode, (await ask('/healthz', app)).statusCode]).toEqual([503, 200]);
  });

  test('requests are counted by route template, not by path', async () => {
    const app = await build();
    await ask('/api/v1/gauges/7', app);
    await ask('/no/such/path', app);
    const { body } = await ask('/metrics', app);
    expect(body).toContain('weir_http_request_duration_seconds_count{route="/api/v1/gauges/:id",method="GET",status="404"} 1');
    expect(body).toContain('route="none",method="GET",status="404"');
    expect(body).not.toContain('/no/such');
    expect(body).toContain('weir_http_requests_in_flight 1');
    expect(body).toContain('process_cpu_user_seconds_total');
  });
});

test('every route says who may use it', async () => {
  const app = await build();
  expect(app.routeTable.routes.filter(({ role }) => role === undefined)).toEqual([]);
});
