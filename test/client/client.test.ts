/** The client library against a server with users, as another program uses it: by the name `weir/client`. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Weir, WeirProblem } from 'weir/client';
import { clientTypes, typesFile } from '../../scripts/client-types.ts';
import { openHouse, right } from '../access/house.ts';

const root = new URL('../..', import.meta.url);
const login = { username: 'opal', password: right };
let house: Awaited<ReturnType<typeof openHouse>>;
beforeAll(async () => {
  house = await openHouse(['jobs.cores=4', 'jobs.grace=500ms']);
  await house.addStaff();
});
afterAll(() => house.close());

test('its types are those of this version’s OpenAPI document [node scripts/client-types.ts --write]', async () => {
  expect(readFileSync(typesFile, 'utf8') === (await clientTypes())).toBe(true);
});

test.each([false, true])('logs in by itself, once for many requests (colon: %s)', async (colon) => {
  const asked: string[] = [];
  const counting: typeof fetch = async (url, init) => {
    asked.push(`${String(url).slice(house.url.length)} ${new Headers(init?.headers).get('authorization')?.slice(0, 7) ?? '-'}`);
    return await fetch(url, init);
  };
  const weir = new Weir({ url: `${house.url}/`, login, colon, fetch: counting });
  await Promise.all([weir.request('GET /api/v1/jobs/queue'), weir.request('GET /api/v1/jobs', { query: { mine: true, per_page: 1 } })]);
  const bearer = colon ? 'Bearer:' : 'Bearer ';
  expect(asked.sort()).toEqual([`/api/v1/jobs/queue ${bearer}`, `/api/v1/jobs?mine=true&per_page=1 ${bearer}`, '/api/v3/token -']);
});

test('logs in again when its token has ended', async () => {
  const weir = new Weir({ url: house.url, login, token: 'a.b.c' });
  expect((await weir.request('GET /api/v1/jobs/queue')).backend).toBe('local');
});

test('a refusal is an exception that says what the server says', async () => {
  const weir = new Weir({ url: house.url, login });
  const error = await weir.request('POST /api/v1/jobs', { body: { command: 'true', priority: 99 } }).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(WeirProblem);
  expect(error).toMatchObject({ status: 422, code: 'unprocessable', pointer: '/priority', errors: [{ pointer: '/priority' }] });
  await expect(weir.request('GET /api/v1/jobs/{id}', { path: { id: '999999' } })).rejects.toMatchObject({ status: 404, code: 'not-found' });
  await expect(new Weir({ url: house.url, login: { ...login, password: 'wrong wrong' } }).login()).rejects.toMatchObject({ status: 401 });
  await expect(new Weir({ url: 'http://127.0.0.1:1' }).request('GET /api/v1/jobs')).rejects.toMatchObject({
    status: 0,
    code: 'unavailable',
  });
});

test('a name in a path stays in its place', async () => {
  const weir = new Weir({ url: house.url, login });
  await expect(weir.request('GET /api/v1/jobs/{id}', { path: { id: '../queue' } })).rejects.toMatchObject({ status: 400 });
  await expect(weir.request('GET /api/v1/jobs/{id}', { path: { id: '..' } })).rejects.toThrow(TypeError);
});

test('goes through all pages', async () => {
  const weir = new Weir({ url: house.url, login });
  for (let count = 0; count < 7; count++)
    await weir.request('POST /api/v1/jobs', { body: { command: ['true'], hold: true, set: 'pages' } });
  const ids: string[] = [];
  for await (const { id } of weir.pages('GET /api/v1/jobs', { query: { set: 'pages', per_page: 3 } })) ids.push(id);
  expect(new Set(ids).size).toBe(7);
  expect((await weir.request('DELETE /api/v1/jobs/sets/{name}', { path: { name: 'pages' } })).done).toEqual(ids);
});

test('follows events, and goes on behind the last one when the connection breaks', async () => {
  let opened = 0;
  const breaking: typeof fetch = async (url, init) => {
    const answer = await fetch(url, init);
    if (!String(url).includes('/live')) return answer;
    opened++;
    if (opened > 1) return answer;
    // The first connection ends behind its first block.
    const { value } = await (answer.body as ReadableStream<Uint8Array>).getReader().read();
    return new Response(value as Uint8Array<ArrayBuffer>, { headers: answer.headers });
  };
  const weir = new Weir({ url: house.url, login, fetch: breaking });
  const { id } = await weir.request('POST /api/v1/jobs', {
    body: { command: 'for i in 1 2 3 4; do echo $i; sleep 0.2; done', shell: true },
  });
  let log = '';
  let state = '';
  for await (const { event, data } of weir.events('GET /api/v1/jobs/{id}/log/live', { path: { id } })) {
    if (event === 'log') log += (data as { text: string }).text;
    else if (event === 'end') ({ state } = data as { state: string });
  }
  expect([log, state, opened]).toEqual(['1\n2\n3\n4\n', 'Done', 2]);
});

test('the example program submits, follows and ends as the job does', async () => {
  const env = { ...process.env, WEIR_USER: login.username, WEIR_PASSWORD: login.password };
  const run = (...words: string[]) => promisify(execFile)(process.execPath, ['examples/jobs.ts', house.url, ...words], { cwd: root, env });
  const { stdout, stderr } = await run('echo', 'hello there');
  expect(stdout).toBe('hello there\n');
  expect(stderr).toMatch(/^job \d{9}\nDone after 0s\nyou have \d+ jobs here\n$/);
  await expect(run('false')).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/Failed after .*: exit code 1/) });
  await expect(run()).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('command: there is no program in it') });
});
