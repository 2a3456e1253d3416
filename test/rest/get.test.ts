import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { example, GithubServer, send } from './github-server.ts';
import { openTerminal } from './weir.ts';

const { weir, folder, close } = openTerminal();
let github: GithubServer;
beforeAll(async () => {
  github = await GithubServer.start();
});
beforeEach(() => {
  github.seen.length = 0;
  github.interruptions.length = 0;
});
afterEach(() => expect(github.faults.splice(0)).toEqual([]));
afterAll(async () => {
  await github.stop();
  close();
});

/** The environment in which the local server is GitHub. */
const asGithub = () => ({ GITHUB_API_URL: github.url, GITHUB_TOKEN: 'ghs_test' });
const last = () => github.seen.at(-1)!;

test('a URL is asked with the headers of GitHub and its token', async () => {
  const { out, code, err } = await weir(['get', `${github.url}/repos/octocat/hello`, '--jq', '.full_name'], asGithub());
  expect({ out, code, err }).toEqual({ out: 'octocat/Hello-World\n', code: 0, err: '' });
  expect(last().headers).toMatchObject({
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
    authorization: 'Bearer ghs_test',
  });
});

test('another server gets no token of GitHub, and one by name only', async () => {
  await using other = await GithubServer.start();
  const url = `${other.url}/repos/octocat/hello`;
  const env = { ...asGithub(), GH_TOKEN: 'gho_first', OTHER: 'secret' };
  expect((await weir(['get', url], env)).code).toBe(0);
  expect(other.seen[0]?.headers).not.toHaveProperty('authorization');
  expect((await weir(['get', url, '--token-env', 'OTHER'], env)).code).toBe(0);
  expect(other.seen[1]?.headers.authorization).toBe('Bearer secret');
  expect(await weir(['get', 'http://192.0.2.1/', '--token-env', 'OTHER'], env)).toMatchObject({
    code: 2,
    err: expect.stringContaining('without TLS'),
  });
  expect(await weir(['get', url, '--token-env', 'NONE'], env)).toMatchObject({ code: 2, err: expect.stringContaining('holds no token') });
});

test('a redirect to another host is followed without token, cookies or keys', async () => {
  await using other = await GithubServer.start();
  github.interruptions.push((_, response) => send(response, 302, {}, { location: `${other.url}/repos/octocat/hello` }));
  const words = ['get', `${github.url}/repos/a/b`, '-H', 'X-Api-Key: k', '-H', 'Cookie: c=1', '--jq', '.id'];
  expect(await weir(words, asGithub())).toMatchObject({ code: 0, out: '1296269\n' });
  expect(last().headers).toMatchObject({ authorization: 'Bearer ghs_test', 'x-api-key': 'k', cookie: 'c=1' });
  for (const name of ['authorization', 'x-api-key', 'cookie']) expect(other.seen[0]?.headers).not.toHaveProperty(name);
});

test('a redirect on the same server keeps the token, and what is written goes to no other', async () => {
  github.interruptions.push((_, response) => send(response, 301, {}, { location: '/repos/octocat/hello' }));
  expect((await weir(['get', `${github.url}/old`], asGithub())).code).toBe(0);
  expect(last().headers.authorization).toBe('Bearer ghs_test');
  github.interruptions.push((_, response) => send(response, 307, {}, { location: 'http://192.0.2.1/' }));
  const refused = await weir(['put', `${github.url}/x`, '-d', '{}'], asGithub());
  expect(refused).toMatchObject({ code: 4, err: expect.stringContaining('192.0.2.1') });
  for (let i = 0; i < 12; i++) github.interruptions.push((_, response) => send(response, 302, {}, { location: '/round' }));
  expect(await weir(['get', `${github.url}/round`])).toMatchObject({ code: 5, err: expect.stringContaining('circles') });
});

test('429 and 5xx are tried again as Retry-After says, with a word on stderr', async () => {
  github.interruptions.push(
    (_, response) => send(response, 429, { message: 'slow down' }, { 'retry-after': '0' }),
    (_, response) => send(response, 503, {}, { 'retry-after': new Date(Date.now() - 5000).toUTCString() }),
  );
  const { code, err } = await weir(['get', `${github.url}/repos/octocat/hello`], asGithub());
  expect(code).toBe(0);
  expect(err).toMatch(/too many requests \(429\); again in 0 s \(1 of 3\)\n.*status 503; again in/);
  expect(github.seen).toHaveLength(3);
});

test('a limit that opens later than --max-wait is told with its time', async () => {
  const reset = String(Math.ceil(Date.now() / 1000) + 600);
  const headers = { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
  github.interruptions.push((_, response) => send(response, 403, { message: 'API rate limit exceeded' }, headers));
  const refused = await weir(['get', `${github.url}/repos/octocat/hello`], asGithub());
  expect(refused).toMatchObject({
    code: 7,
    err: expect.stringMatching(/takes no more requests for (9 m 5\d s|10 m \d+ s)\n {2}its limit is 60\n.*--max-wait/),
  });
  github.interruptions.push((_, response) => send(response, 403, { message: 'You have exceeded a secondary rate limit.' }));
  expect((await weir(['get', `${github.url}/repos/octocat/hello`, '--max-wait', '5'], asGithub())).code).toBe(7);
});

test('a limit by x-ratelimit-reset is waited for', async () => {
  const reset = String(Math.floor(Date.now() / 1000));
  github.interruptions.push((_, response) => send(response, 403, {}, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }));
  expect(await weir(['get', `${github.url}/repos/octocat/hello`], asGithub())).toMatchObject({
    code: 0,
    err: expect.stringContaining('(403)'),
  });
});

test('what may not be done twice is not sent twice', async () => {
  github.interruptions.push((_, response) => send(response, 502, {}));
  expect((await weir(['post', `${github.url}/repos/octocat/hello/issues`, '-f', 'title=x'], asGithub())).code).toBe(5);
  expect(github.seen).toHaveLength(1);
  github.interruptions.push((_, response) => send(response, 429, {}, { 'retry-after': '0' }));
  expect((await weir(['post', `${github.url}/repos/octocat/hello/issues`, '-f', 'title=x'], asGithub())).code).toBe(0);
  expect(github.seen).toHaveLength(3);
});

test('all pages are one list, or one line an item', async () => {
  github.issues.length = 0;
  for (let i = 0; i < 7; i++) github.open({ title: `issue ${i}` });
  const url = `${github.url}/repos/octocat/hello/issues?per_page=3&state=all`;
  expect((await weir(['get', url, '--paginate', '--jq', 'map(.number) | @json'], asGithub())).out).toBe('[1,2,3,4,5,6,7]\n');
  expect(github.seen).toHaveLength(3);
  const lines = (await weir(['get', url, '--paginate', '--ndjson'], asGithub())).out.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).title)).toEqual([0, 1, 2, 3, 4, 5, 6].map((i) => `issue ${i}`));
  const table = await weir(['get', url, '--paginate', '--max-pages', '2', '--table', '--columns', 'number,title,user.login'], asGithub());
  expect(table.out.split('\n').slice(0, 2)).toEqual(['number  title    user.login', '     1  issue 0  octocat']);
  expect(table.out.trimEnd().split('\n')).toHaveLength(7);
});

test('no page is fetched from another server, nor twice', async () => {
  await using other = await GithubServer.start();
  github.interruptions.push((_, response) => send(response, 200, [1], { link: `<${other.url}/x>; rel="next"` }));
  expect(await weir(['get', `${github.url}/x`, '--paginate'], asGithub())).toMatchObject({ code: 4, out: '' });
  expect(other.seen).toEqual([]);
  github.interruptions.push((_, response) => send(response, 200, [1], { link: '</y>; rel="next"' }));
  expect(await weir(['get', `${github.url}/y`, '--paginate'])).toMatchObject({ code: 5, err: expect.stringContaining('circle') });
});

test('an answer with an ETag is kept for its owner alone, asked for again, and served from the cache after a 304', async () => {
  const url = `${github.url}/cached`;
  const secret = gzipSync(JSON.stringify({ a: 1 }));
  github.interruptions.push((_, response) =>
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip', etag: '"v1"' }).end(secret),
  );
  expect((await weir(['get', url], asGithub())).out).toBe('{"a":1}');
  github.interruptions.push((_, response) => send(response, 304, undefined, { etag: '"v1"', 'x-ratelimit-remaining': '9' }));
  const second = await weir(['get', url, '-i'], asGithub());
  expect(last().headers['if-none-match']).toBe('"v1"');
  expect(second.out).toMatch(/^HTTP\/1.1 200\n[\s\S]*x-ratelimit-remaining: 9\n[\s\S]*x-weir-cache: revalidated\n\n\{"a":1\}$/);
  github.interruptions.push((_, response) => send(response, 200, { a: 2 }));
  expect((await weir(['get', url], { ...asGithub(), GITHUB_TOKEN: 'another' })).out).toBe('{"a":2}');
  expect(last().headers).not.toHaveProperty('if-none-match');
  github.interruptions.push((_, response) => send(response, 200, { a: 3 }));
  await weir(['get', url, '--no-cache'], asGithub());
  expect(last().headers).not.toHaveProperty('if-none-match');
  const cache = join(folder, 'weir', 'rest');
  expect(statSync(cache).mode & 0o777).toBe(0o700);
  const files = readdirSync(cache).map((name) => join(cache, name));
  for (const file of files) {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain('ghs_test');
    writeFileSync(file, 'torn');
  }
  github.interruptions.push((_, response) => send(response, 200, { a: 4 }));
  expect((await weir(['get', url], asGithub())).out).toBe('{"a":4}');
});

test('broken JSON is the fault of the server, and printed as it is where nobody needs more', async () => {
  const broken: typeof github.interruptions = [
    (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"a":'),
  ];
  for (const words of [['--jq', '.a'], ['--table'], ['--paginate'], ['--json']]) {
    github.interruptions.push(...broken);
    expect(await weir(['get', `${github.url}/broken`, ...words])).toMatchObject({
      code: 5,
      out: '',
      err: expect.stringContaining('did not answer JSON'),
    });
  }
  github.interruptions.push(...broken);
  expect(await weir(['get', `${github.url}/broken`])).toMatchObject({ code: 0, out: '{"a":' });
});

test('a silent server is given up, before its head and in the middle', async () => {
  const server = createServer((request, response) => {
    if (request.url === '/half') response.writeHead(200, { 'content-type': 'application/json' }).write('[1,');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await weir(['get', `${url}/never`, '--timeout', '1'])).toMatchObject({ code: 5, err: expect.stringContaining('is silent') });
  expect(await weir(['get', `${url}/half`, '--timeout', '1', '--jq', '.'])).toMatchObject({
    code: 5,
    err: expect.stringMatching(/silent|broke off/),
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(await weir(['get', url])).toMatchObject({ code: 5, err: expect.stringContaining('nobody answers') });
});

test.each([
  [401, 4],
  [404, 3],
  [409, 6],
  [410, 3],
  [418, 2],
  [422, 2],
  [500, 5],
])('a status of %i ends with exit code %i and the words of the server', async (status, code) => {
  github.interruptions.push((_, response) =>
    send(response, status, { message: 'No such thing', documentation_url: 'https://docs.example' }),
  );
  const { err, code: got, out } = await weir(['get', `${github.url}/x`, '--retries', '0']);
  expect({ got, out }).toEqual({ got: code, out: '' });
  expect(err).toMatch(/answered \d+ .*: No such thing\n {2}hint: https:\/\/docs.example\n/);
});

test('-i shows a refusal whole', async () => {
  github.interruptions.push((_, response) => send(response, 404, { message: 'Not Found' }));
  const { out, code } = await weir(['get', '-i', `${github.url}/x`]);
  expect(code).toBe(3);
  expect(out).toMatch(/^HTTP\/1.1 404\n[\s\S]*\n\n\{"message":"Not Found"\}\n$/);
});

test('fields become JSON, and parameters of a GET', async () => {
  github.interruptions.push((seen, response) => send(response, 200, JSON.parse(seen.body)));
  const words = [
    '-f',
    'title=Buy milk',
    '-f',
    'id=7',
    '-F',
    'userId=1',
    '-F',
    'done=false',
    '-F',
    'due=null',
    '-f',
    'tags[]=a',
    '-f',
    'tags[]=b',
    '-F',
    'at[x]=1.5',
  ];
  expect(JSON.parse((await weir(['post', `${github.url}/todos`, ...words])).out)).toEqual({
    title: 'Buy milk',
    id: '7',
    userId: 1,
    done: false,
    due: null,
    tags: ['a', 'b'],
    at: { x: 1.5 },
  });
  expect(last().headers['content-type']).toBe('application/json');
  github.interruptions.push((_, response) => send(response, 200, []));
  await weir(['get', `${github.url}/x?a=1`, '-f', 'q=a b', '-F', 'page=2']);
  expect(last().url).toBe('/x?a=1&q=a+b&page=2');
});

test('a body comes from words, a file or standard input', async () => {
  const echo = () =>
    github.interruptions.push((seen, response) => send(response, 201, { type: seen.headers['content-type'], body: seen.body }));
  const file = join(folder, 'body.json');
  writeFileSync(file, '[1]');
  for (const [words, input, body] of [
    [['-d', '{"a":1}'], '', '{"a":1}'],
    [['-d', `@${file}`], '', '[1]'],
    [['--body', '-'], '{"in":1}', '{"in":1}'],
  ] as const) {
    echo();
    expect(JSON.parse((await weir(['put', `${github.url}/x`, ...words], {}, input)).out)).toEqual({ type: 'application/json', body });
  }
  echo();
  const form = await weir(['post', `${github.url}/x`, '-H', 'Content-Type: application/x-www-form-urlencoded', '-d', 'a=1']);
  expect(JSON.parse(form.out)).toEqual({ type: 'application/x-www-form-urlencoded', body: 'a=1' });
  expect(await weir(['post', `${github.url}/x`, '-d', 'a=1'])).toMatchObject({ code: 2, err: expect.stringContaining('Content-Type') });
  expect(await weir(['post', `${github.url}/x`, '-d', '{}', '-f', 'a=1'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('not by both'),
  });
  expect(await weir(['get', '/', '--data', folder])).toMatchObject({ code: 2, err: expect.stringContaining('no --data') });
});

test('jq is jq, also on much, and says what it does not understand', async () => {
  github.interruptions.push((_, response) =>
    send(
      response,
      200,
      Array.from({ length: 20_000 }, (_, id) => ({ id, name: `n${id}` })),
    ),
  );
  const { out } = await weir(['get', `${github.url}/x`, '--jq', '[.[] | select(.id % 2 == 0)] | length, (.[1].name | ascii_upcase)']);
  expect(out).toBe('10000\nN2\n');
  github.interruptions.push((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('[12345678901234567890]'));
  expect((await weir(['get', `${github.url}/x`, '--jq', '.[0]'])).out).toBe('12345678901234567890\n');
  github.interruptions.push((_, response) => send(response, 200, {}));
  expect(await weir(['get', `${github.url}/x`, '--jq', '.a['])).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringContaining('syntax error'),
  });
  github.interruptions.push((_, response) => send(response, 200, [1, 'x']));
  expect(await weir(['get', `${github.url}/x`, '--jq', '.[] | . + 1'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('cannot be added'),
  });
});

test('the commands about GitHub tell facts to people and everything to programs', async () => {
  const payload = {
    ref: 'main',
    ref_type: 'branch',
    full_ref: 'refs/heads/main',
    master_branch: 'main',
    description: null,
    pusher_type: 'user',
  };
  github.events = [1, 2, 3].map((id) => ({
    ...(example<object[]>('public-events-items')[0] ?? {}),
    id: String(id),
    type: 'CreateEvent',
    payload,
  }));
  const repo = await weir(['github', 'repo', 'octocat/hello'], asGithub());
  expect(repo.out).toMatch(/^repository +octocat\/Hello-World\n[\s\S]*\nbranch +master\n/);
  expect(JSON.parse((await weir(['github', 'repo', 'octocat/hello', '--json'], asGithub())).out)).toMatchObject({ id: 1296269 });
  expect((await weir(['github', 'user', 'octocat'], asGithub())).out).toMatch(/^login +octocat\n/);
  expect(await weir(['github', 'user', 'nobody'], asGithub())).toMatchObject({ code: 3, err: expect.stringContaining('404 Not Found') });
  const events = await weir(['github', 'events', '--per-page', '2'], asGithub());
  expect(events.out.trimEnd().split('\n')).toHaveLength(3);
  expect(last().url).toBe('/events?page=1&per_page=2');
  expect((await weir(['github', 'events', '--repo', 'octocat/hello', '--jq', 'length'], asGithub())).out).toBe('3\n');
  await weir(['github', 'events', '--user', 'octocat'], asGithub());
  expect(last().url).toBe('/users/octocat/events/public?page=1&per_page=30');
  github.issues.length = 0;
  github.open({ title: 'first', labels: [example<{ labels: { name: string }[] }>('issue').labels[0]!] });
  github.open({ title: 'a pull request', pull_request: example<{ pull_request: unknown }>('issue').pull_request });
  const issues = await weir(['github', 'issues', 'list', 'octocat/hello'], asGithub());
  expect(issues.out.trimEnd().split('\n').slice(1)).toEqual([expect.stringMatching(/^ +1 +open +.* bug +first$/)]);
  expect((await weir(['github', 'issues', 'list', 'octocat/hello', '--csv'], asGithub())).out).toMatch(
    /^number,state,assignee.login,updated_at,title\n1,open,,/,
  );
  expect(await weir(['github', 'repo', 'hello'], asGithub())).toMatchObject({
    code: 2,
    err: expect.stringContaining('names no repository'),
  });
});

test('--github-url alone takes no token along', async () => {
  const env = { GITHUB_TOKEN: 'ghs_test' };
  expect((await weir(['github', 'repo', 'octocat/hello', '--github-url', github.url], env)).code).toBe(0);
  expect(last().headers).not.toHaveProperty('authorization');
});
