import { Validator } from '@seriousme/openapi-schema-validator';
import { Registry } from 'prom-client';
import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { manualClock } from '../core/clock.ts';
import { loadConfig } from '../core/config.ts';
import type { RoomRoutes } from '../core/http.ts';
import { createLog } from '../core/log.ts';
import { buildApp } from './app.ts';
import { serverSettings } from './config.ts';

const locks: RoomRoutes = async (app) => {
  const schema = {
    tags: ['locks'],
    summary: 'One lock',
    params: Type.Object({ id: Type.Integer() }),
    querystring: Type.Object({ fields: Type.Optional(Type.Array(Type.String(), { description: 'Which fields.' })) }),
    response: { 200: Type.Object({ id: Type.Integer() }) },
  };
  app.get('/api/v1/locks/:id', { schema, config: { role: 'viewer' } }, async ({ params }) => ({ id: params.id }));
};

async function build() {
  return await buildApp(loadConfig(serverSettings, {}), {
    log: createLog({ level: 'silent' }),
    clock: manualClock(),
    metrics: new Registry(),
    rooms: [{ name: 'locks', routes: locks }],
    ready: [],
    closing: new AbortController().signal,
    isLoopback: true,
  });
}

test('the description is valid OpenAPI 3.1 and made of the schemas of the routes', async () => {
  const app = await build();
  const description = (await app.inject('/openapi.json')).json();
  expect(await new Validator().validate(description)).toMatchObject({ valid: true });
  expect(description.openapi).toBe('3.1.0');
  expect(description.paths['/api/v1/locks/{id}'].get.parameters.map(({ name }: { name: string }) => name).sort()).toEqual(['fields', 'id']);
  expect(description.paths['/api/v1/locks/{id}'].get.responses.default.content['application/problem+json']).toBeDefined();
  await app.close();
});

test('every route that can be called is described, and nothing else', async () => {
  const app = await build();
  const { paths } = (await app.inject('/openapi.json')).json();
  const described = Object.keys(paths).sort();
  const visible = app.routeTable.routes.filter(({ isHidden }) => !isHidden).map(({ path }) => path.replaceAll(/:(\w+)/g, '{$1}'));
  expect(described).toEqual([...new Set(visible)].sort());
  for (const [path, operations] of Object.entries(paths as Record<string, object>)) {
    expect([path, Object.keys(operations).filter((method) => method === 'trace' || method === 'options')]).toEqual([path, []]);
  }
  await app.close();
});

test('the reference page comes whole from this server', async () => {
  const app = await build();
  const page = await app.inject({ url: '/docs', headers: { accept: 'text/html' } });
  expect(page.statusCode).toBe(200);
  const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, reference]) => String(reference));
  expect(assets.length).toBeGreaterThan(2);
  for (const asset of assets) {
    expect(asset).not.toMatch(/^(https?:)?\/\//);
    const url = new URL(asset, 'http://localhost/docs').pathname;
    expect([url, (await app.inject(url)).statusCode]).toEqual([url, 200]);
  }
  await app.close();
});
