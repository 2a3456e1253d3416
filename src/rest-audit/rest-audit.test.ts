import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { auditDescription } from './audit.ts';
import { auditTarget } from './command.ts';
import type { Json } from './description.ts';
import { type Audit, levelOf } from './finding.ts';
import { verbOf } from './rules/resources.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-audit-'));
afterAll(() => rmSync(folder, { recursive: true }));

const rules = ({ findings }: Audit): string[] => [...new Set(findings.map(({ rule }) => rule))].sort();
const document = (paths: Json, more: Json = {}): Json => ({ openapi: '3.1.0', info: { title: 'An API', version: '1' }, paths, ...more });
const json = (schema: Json): Json => ({ description: 'x', content: { 'application/json': { schema } } });
const problem = { description: 'x', content: { 'application/problem+json': { schema: {} } } };

/** An API as they grow where nobody looks. */
const bad = document({
  '/getUsers': { get: { responses: { 200: json({ type: 'array', items: { type: 'object' } }) } } },
  '/user/create': { get: { requestBody: {}, responses: { 200: json({ type: 'object' }) } } },
  '/deleteUser': { post: { responses: { 200: json({ type: 'object' }) } } },
  '/fetchOrders': { post: { responses: { 200: json({ type: 'object' }) } } },
  '/Orders/': { post: { parameters: [{ name: 'action', in: 'query' }], requestBody: {}, responses: { 201: json({}), 500: json({}) } } },
});

const linked = { type: 'object', properties: { links: { type: 'object' } } };
/** One that does everything right, by references and by YAML as well. */
const good = document(
  {
    '/users': {
      get: {
        parameters: [{ name: 'page', in: 'query' }],
        responses: {
          200: { ...json({ $ref: '#/components/schemas/Users' }), headers: { ETag: {} } },
          default: { $ref: '#/components/responses/Problem' },
        },
      },
      post: {
        requestBody: {},
        responses: { 201: { ...json(linked), headers: { Location: {} } }, default: { $ref: '#/components/responses/Problem' } },
      },
    },
    '/users/{name}': {
      parameters: [{ name: 'name', in: 'path' }],
      get: { responses: { 200: { ...json(linked), headers: { etag: {} } }, default: { $ref: '#/components/responses/Problem' } } },
      delete: { responses: { 204: { description: 'gone' }, default: { $ref: '#/components/responses/Problem' } } },
    },
  },
  {
    components: {
      schemas: { Users: { allOf: [{ type: 'object', properties: { items: { type: 'array', items: linked } } }] } },
      responses: { Problem: problem },
    },
  },
);

describe('a description', () => {
  test('that breaks the rules is at level 0, and each is named', () => {
    const audit = auditDescription('bad', bad);
    expect(audit.level).toBe(0);
    expect(rules(audit)).toEqual([
      'body-of-get',
      'capitals-in-path',
      'change-by-post',
      'created-without-location',
      'get-that-changes',
      'no-400',
      'no-errors',
      'no-etag',
      'no-links',
      'no-paging',
      'no-problem-details',
      'read-by-post',
      'slash-at-end',
      'verb-in-path',
      'verb-in-query',
    ]);
    const places = audit.findings.filter(({ rule }) => rule === 'verb-in-path').map(({ place }) => place);
    expect(places).toEqual(['GET /getUsers', 'GET /user/create', 'POST /deleteUser', 'POST /fetchOrders']);
  });

  test('that keeps them is at level 3, with nothing to say', () => {
    expect(auditDescription('good', good)).toMatchObject({ level: 3, findings: [] });
  });

  test.each([
    ['one address for everything', { '/rpc': { post: { responses: { 200: json({}), default: problem } } } }, 0],
    [
      'nothing but POST',
      {
        '/a': { post: { responses: { 200: json({}), default: problem } } },
        '/b': { post: { responses: { 200: json({}), default: problem } } },
      },
      1,
    ],
    [
      'no links',
      {
        '/a': { get: { responses: { 200: json({}), default: problem } } },
        '/b': { post: { responses: { 201: json({}), default: problem } } },
      },
      2,
    ],
    ['nothing at all', {}, 0],
  ])('%s', (_title, paths, level) => {
    expect(auditDescription('x', document(paths)).level).toBe(level);
  });

  test.each([
    { openapi: '3.1.0', paths: { '/a': null, '/b': { get: 7 }, '/c': { get: { responses: [], parameters: 'x' } } } },
    {
      openapi: '3.0.0',
      paths: { '/a': { $ref: '#/paths/~1a' }, '/b': { get: { responses: { 200: { $ref: '#/components/responses/Loop' } } } } },
      components: { responses: { Loop: { $ref: '#/components/responses/Loop' } } },
    },
    { openapi: '3.1.0' },
  ])('%j does not confuse it', (odd) => {
    expect(auditDescription('odd', odd).level).toBeLessThan(3);
  });

  test('may be a file of YAML or JSON', async () => {
    writeFileSync(
      join(folder, 'api.yaml'),
      'openapi: 3.0.3\ninfo: {title: x, version: "1"}\npaths:\n  /getAll:\n    get:\n      responses: {"200": {description: x}}\n',
    );
    writeFileSync(join(folder, 'api.json'), JSON.stringify(good));
    writeFileSync(join(folder, 'none.json'), '{"swagger":"2.0"}');
    writeFileSync(join(folder, 'broken'), 'a: [');
    expect(rules(await auditTarget(join(folder, 'api.yaml')))).toContain('verb-in-path');
    expect((await auditTarget(join(folder, 'api.json'))).level).toBe(3);
    await expect(auditTarget(join(folder, 'none.json'))).rejects.toThrow('is no OpenAPI description');
    await expect(auditTarget(join(folder, 'broken'))).rejects.toThrow('neither JSON nor YAML');
    await expect(auditTarget(join(folder, 'missing'))).rejects.toThrow('cannot be read');
  });
});

test.each([
  ['/getUsers', 'get'],
  ['/users/create', 'create'],
  ['/api/remove_all', 'remove'],
  ['/delete-user/{id}', 'delete'],
  ['/settings/addresses/updates', undefined],
  ['/users/{getName}', undefined],
  ['/products/list', undefined],
])('the verb of %s is %s', (path, verb) => {
  expect(verbOf(path)?.startsWith(verb ?? '?') ?? false).toBe(verb !== undefined);
});

test('levels stand on one another', () => {
  const score = (level: 1 | 2 | 3, isReached: boolean) => ({ level, places: 1, good: 1, isReached });
  expect(levelOf([score(1, true), score(2, false), score(3, true)])).toBe(1);
  expect(levelOf([score(1, false), score(2, true), score(3, true)])).toBe(0);
});

describe('a server', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());
  const listen = async (answer: RequestListener): Promise<string> => {
    server = createServer(answer).listen(0, '127.0.0.1');
    await new Promise((resolve) => server?.once('listening', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  };

  test('that answers everything with 200 and no links is at level 0', async () => {
    const url = await listen((_request, response) => response.setHeader('content-type', 'application/json').end('{"ok":true}'));
    const audit = await auditTarget(url);
    expect(audit.level).toBe(0);
    expect(rules(audit)).toEqual(['no-description', 'no-etag', 'no-links', 'not-404', 'not-405']);
  });

  test('without a description is judged by the pages that links lead to', async () => {
    const asked: string[] = [];
    const url = await listen(({ url: path = '', method = '', headers }, response) => {
      asked.push(`${method} ${path}`);
      response.setHeader('content-type', 'application/json').setHeader('etag', '"1"');
      if (method !== 'GET' && method !== 'HEAD') return response.writeHead(405, { allow: 'GET, HEAD' }).end();
      if (headers['if-none-match'] === '"1"') return response.writeHead(304).end();
      if (path === '/')
        return response.end(
          JSON.stringify({
            _links: {
              users: { href: '/users' },
              away: { href: 'http://elsewhere.example/' },
              make: { href: '/users/made', method: 'POST' },
            },
          }),
        );
      if (path === '/users') return response.setHeader('link', '</>; rel="up", </users?page=2>; rel="next"').end('[]');
      if (path === '/users?page=2') return response.setHeader('link', '</gone>; rel="next"').end('[]');
      return response.writeHead(404, { 'content-type': 'application/problem+json' }).end('{}');
    });
    const audit = await auditTarget(url, ['X-Who: me']);
    expect(audit.levels.map(({ isReached }) => isReached)).toEqual([true, true, true]);
    expect(audit.findings.filter(({ isFault }) => isFault)).toMatchObject([{ rule: 'dead-link', place: 'GET /gone' }]);
    expect(asked.filter((line) => line.startsWith('POST') || line.includes('made'))).toEqual([]);
  });

  test('with a description is judged by both', async () => {
    const url = await listen(({ url: path = '', method }, response) => {
      response.setHeader('content-type', 'application/json').setHeader('etag', '"1"');
      if (path === '/openapi.json') return response.end(JSON.stringify(good));
      if (path === '/' && method === 'TRACE') return response.writeHead(405).end();
      if (path === '/') return response.end('{"links":{"self":{"href":"/"}}}');
      return response.writeHead(404, { 'content-type': 'application/problem+json' }).end('{}');
    });
    const audit = await auditTarget(url);
    expect(rules(audit)).toEqual(['405-without-allow', 'no-304']);
  });

  test('that cannot be reached is an error', async () => {
    await expect(auditTarget('http://127.0.0.1:9/')).rejects.toThrow();
  });
});
