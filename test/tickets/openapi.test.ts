import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type House, openHouse } from './house.ts';

type Schema = Record<string, unknown> & { examples?: unknown[]; anyOf?: Schema[] };
type Content = Record<string, { schema: Schema; example?: unknown; examples?: Record<string, { value: unknown }> }>;
type Operation = { tags: string[]; requestBody?: { content: Content }; responses: Record<string, { content?: Content }> };
type Description = { paths: Record<string, Record<string, Operation>>; tags?: { name: string }[] };

let house: House;
let description: Description;
beforeAll(async () => {
  house = await openHouse();
  description = (await house.app.inject('/openapi.json')).json();
});
afterAll(() => house.close());

const operations = (tag: string) =>
  Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { tags }]) => tags.includes(tag))
      .map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );

const ajv = new Ajv2020({ strict: false });
formats.default(ajv);

/** The examples of a schema and of its alternatives, with the schema that each illustrates. */
const examplesOf = (schema: Schema): [Schema, unknown][] => [
  ...(schema.examples ?? []).map((example): [Schema, unknown] => [schema, example]),
  ...(schema.anyOf ?? []).flatMap(examplesOf),
];

/** All examples of what goes in and out, problems aside. */
const illustrations = ({ requestBody, responses }: Operation): [Schema, unknown][] =>
  [requestBody?.content, ...Object.values(responses).map(({ content }) => content)].flatMap((content) =>
    Object.entries(content ?? {})
      .filter(([type]) => type !== 'application/problem+json')
      .flatMap(([, { schema, example, examples = {} }]) => [
        ...examplesOf(schema),
        ...[...(example === undefined ? [] : [example]), ...Object.values(examples).map(({ value }) => value)].map(
          (one): [Schema, unknown] => [schema, one],
        ),
      ]),
  );

test('both ticket APIs are described, in valid OpenAPI 3.1', async () => {
  expect(await new Validator().validate(structuredClone(description))).toMatchObject({ valid: true });
  expect(operations('plain tickets').map(({ name }) => name)).toEqual([
    'GET /tickets',
    'POST /tickets',
    'PUT /tickets',
    'DELETE /tickets',
    'GET /tickets/{ticket_id}',
    'DELETE /remove_all_tickets',
  ]);
  expect(operations('tickets').length).toBe(13);
});

test('every operation of the plain API shows examples that fit its schemas', () => {
  for (const { name, operation } of operations('plain tickets')) {
    const examples = illustrations(operation);
    expect([name, examples.length > 0]).toEqual([name, true]);
    for (const [schema, example] of examples) expect([name, example, ajv.validate(schema, example)]).toEqual([name, example, true]);
  }
});

test('the examples are those of the session that people know', () => {
  const all = operations('plain tickets').flatMap(({ operation }) => illustrations(operation).map(([, example]) => example));
  for (const known of [
    { msg: 'Error Code: 100' },
    { value: 'Learning to add tickets' },
    '00000000000000000010',
    { tickets: ['00000000000000000010', '00000000000000000011', '00000000000000000012'] },
    { msg: 'PUT it there!', ticket_id: '00000000000000000012' },
    'PUT it there!',
    'The following ticket was deleted: 00000000000000000012',
    { msg: 'You just removed everything. I hope you are happy now' },
  ])
    expect(all).toContainEqual(known);
});

test('answers are as described', async () => {
  const made = await house.app.inject({ method: 'POST', url: '/api/v1/tickets', payload: { description: 'one' } });
  const { id } = made.json();
  await house.app.inject({ method: 'POST', url: `/api/v1/tickets/${id}/comments`, payload: { text: 'x' } });
  const calls = [
    ['GET', '/api/v1/tickets', '/api/v1/tickets'],
    ['GET', `/api/v1/tickets/${id}`, '/api/v1/tickets/{id}'],
    ['GET', `/api/v1/tickets/${id}/comments`, '/api/v1/tickets/{id}/comments'],
    ['GET', `/api/v1/tickets/${id}/history`, '/api/v1/tickets/{id}/history'],
    ['GET', '/tickets', '/tickets'],
    ['GET', `/tickets/${id}`, '/tickets/{ticket_id}'],
    ['GET', '/tickets/nothing', '/tickets/{ticket_id}'],
    ['POST', '/tickets', '/tickets'],
    ['PUT', '/tickets', '/tickets'],
    ['DELETE', '/tickets', '/tickets'],
    ['DELETE', '/remove_all_tickets', '/remove_all_tickets'],
    ['GET', '/tickets', '/tickets'],
  ] as const;
  for (const [method, url, path] of calls) {
    const answer = await house.app.inject({ method, url });
    const type = String(answer.headers['content-type']).split(';', 1)[0] as string;
    const content = description.paths[path]?.[method.toLowerCase()]?.responses[answer.statusCode]?.content;
    const value = type.endsWith('json') ? answer.json() : answer.body;
    expect([method, url, type, ajv.validate(content?.[type]?.schema ?? false, value), ajv.errorsText()]).toEqual([
      method,
      url,
      type,
      true,
      'No errors',
    ]);
  }
});

test('the plain API has a description of its own, for tools that want no more', async () => {
  const names = new Set(operations('plain tickets').map(({ name }) => name.split(' ')[1] as string));
  const paths = Object.fromEntries(Object.entries(description.paths).filter(([path]) => names.has(path)));
  const own = { ...description, paths, tags: [{ name: 'plain tickets', description: 'Tickets as their descriptions alone.' }] };
  const file = '../../examples/plain-tickets.openapi.json';
  expect(await new Validator().validate(structuredClone(own))).toMatchObject({ valid: true });
  await expect(`${JSON.stringify(own, null, 2)}\n`).toMatchFileSnapshot(file);
});
