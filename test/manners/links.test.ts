/** Every native route that reads has links, and all of the API together is at level 3 of Richardson's model. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditTarget } from '../../src/rest-audit/command.ts';
import { type House, openHouse } from '../access/house.ts';

let house: House;
let token: string;
const values: Record<string, Record<string, string>> = {};

beforeAll(async () => {
  house = await openHouse(['keys.listen=']);
  token = (await house.addStaff()).admin;
  const make = async (path: string, json: unknown) => {
    const { status, body, text } = await house.ask('POST', path, { token, json });
    if (status !== 201) throw new Error(`POST ${path} answered ${status}: ${text}`);
    return body;
  };
  const ticket = await make('/api/v1/tickets', { description: 'look at it' });
  const comment = await make(`/api/v1/tickets/${ticket.id}/comments`, { text: 'I did' });
  const record = await make('/api/v1/records/todos', { title: 'Buy milk' });
  const pat = await make('/api/v1/tokens', { title: 'for a program' });
  values.tickets = { id: String(ticket.id), comment: String(comment.id) };
  values.records = { collection: 'todos', id: String(record.id) };
  values.tokens = { id: String(pat.id) };
  values.users = { name: 'vera' };
});
afterAll(() => house.close());

/** Those that answer with something other than a document, without an end, or for a good while. */
const noDocument = /\/(events|live|log|export|check|environment)$|\/stream\//;

const reads = (): { path: string; isCollection: boolean }[] =>
  house.app.routeTable.routes
    .filter(({ method, path, isHidden }) => method === 'GET' && !isHidden && path.startsWith('/api/v1/'))
    .filter(({ path }) => !noDocument.test(path))
    .map(({ path, facts }) => ({ path, isCollection: facts.collection !== undefined }));

/** The path with names of things that are there; undefined where the test has none. */
function filled(path: string): string | undefined {
  const room = path.split('/')[3] ?? '';
  const whole = path.replaceAll(/:(\w+)/g, (_, name: string) => values[room]?.[name] ?? ':');
  return whole.includes(':') ? undefined : `${whole}${path.endsWith('/flows/top') ? '?by=dst_port' : ''}`;
}

test('every collection and every item has links, in the header as well', async () => {
  const wrong: string[] = [];
  const asked: string[] = [];
  for (const { path, isCollection } of reads()) {
    const url = filled(path);
    // Of a room of which it would take much to have one item: that room's own tests look at its links.
    if (url === undefined) continue;
    asked.push(url);
    const { status, body, headers } = await house.ask('GET', url, { token });
    // A collection of records has no schema until somebody gives it one.
    if (path.endsWith('/schema') && status === 404) continue;
    if (status !== 200) wrong.push(`${url} answered ${status}`);
    if (!String(headers.link).includes('rel="self"')) wrong.push(`${url} has the header Link ${headers.link}`);
    // The body of a record is its owner's alone.
    const isOwn = path === '/api/v1/records/:collection/:id';
    const isThing = isCollection || /:\w+$/.test(path);
    if (isThing && !isOwn && (body.links as Record<string, unknown> | undefined)?.self === undefined) wrong.push(`${url} has no links`);
  }
  expect(wrong).toEqual([]);
  expect(reads().length).toBeGreaterThan(10);
});

/** Answers that show the first of a ranking: behind them there is nothing to turn to. */
const rankings = ['/api/v1/flows/top', '/api/v1/flows/pairs'];

test('every list is read in pages, and says where the next one is', async () => {
  const { paths } = (await house.ask('GET', '/openapi.json', { token })).body as { paths: Record<string, { get?: Described }> };
  const lists = Object.entries(paths).filter(([, { get }]) => hasItems(get));
  const unpaged = lists.filter(([path, { get }]) => !rankings.includes(path) && !isPaged(get));
  expect(unpaged.map(([path]) => path)).toEqual([]);
  expect(lists.length).toBeGreaterThan(10);
});

test('the audit log is read page by page while it grows', async () => {
  const read = async (path: string) => (await house.ask('GET', path, { token })).body as AuditPage;
  const whole = await read('/api/v1/audit?per_page=1000');
  let page = await read('/api/v1/audit?per_page=2');
  const lines = page.items;
  while (page.links.next !== undefined) {
    await house.ask('POST', '/api/v3/token', {
      json: { username: 'nobody', password: 'wrong' },
      headers: { 'x-forwarded-for': '192.0.2.9' },
    });
    page = await read(page.links.next.href);
    lines.push(...page.items);
    if (lines.length > 10) break;
  }
  expect(lines.map(({ before }) => before)).toEqual(whole.items.slice(0, lines.length).map(({ before }) => before));
  expect(lines.length).toBeGreaterThan(4);
});

type AuditPage = { items: { before: string }[]; links: { next?: { href: string } } };
type Schema = { type?: string; properties?: Record<string, unknown> };
type Described = { parameters?: { name: string }[]; responses: Record<string, { content?: Record<string, { schema?: Schema }> }> };

function hasItems(operation: Described | undefined): boolean {
  const schema = operation?.responses['200']?.content?.['application/json']?.schema;
  return schema?.properties?.items !== undefined || schema?.type === 'array';
}

const isPaged = (operation: Described | undefined): boolean =>
  ['page', 'per_page'].every((name) => operation?.parameters?.some((parameter) => parameter.name === name) === true);

test('the API is at level 3', async () => {
  for (const target of [house.url, `${house.url}/openapi.json`]) {
    const { level, levels } = await auditTarget(target, [`Authorization: Bearer ${token}`]);
    expect([target, level, levels]).toEqual([target, 3, levels]);
  }
});
