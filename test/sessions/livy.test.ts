/** Livy's wire, rule by rule of its description: what clients that were written for Livy count on. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { House, type Shown, type ShownSession } from './house.ts';
import { eventually } from './patience.ts';

let house: House;
beforeAll(async () => {
  house = new House();
  await house.start();
});
afterAll(() => house.close());

const members = [
  ...['id', 'name', 'appId', 'owner', 'proxyUser', 'state', 'kind', 'appInfo', 'log', 'ttl', 'idleTimeout', 'driverMemory'],
  ...['executorMemory', 'driverCores', 'executorCores', 'numExecutors', 'conf', 'archives', 'files', 'jars', 'pyFiles'],
  ...['heartbeatTimeoutInSecond', 'queue'],
].sort();

describe('R1: an error', () => {
  const bodies: [string, unknown, RegExp][] = [
    ['no JSON', '{', /JSON/],
    ['nothing', '', /object/],
    ['a list', [], /object/],
    ['an unknown field', { executorMemmory: '2g' }, /Unrecognized field "executorMemmory"/],
    ['an unknown kind', { kind: 'cobol' }, /Invalid kind: cobol/],
    ['a kind that is not here', { kind: 'sparkr' }, /sparkr/],
    ['a wrong type', { kind: 'python', name: 5 }, /"name"/],
    ['a name of digits', { name: '12' }, /^Rejected, Reason: /],
    ['an empty name', { name: '' }, /^Rejected, Reason: /],
    ['a wrong span', { ttl: '-5s' }, /^Rejected, Reason: Invalid ttl/],
    ['an object in conf', { conf: { a: {} } }, /conf/],
    ['a wrong size', { driverMemory: 'much' }, /driverMemory/],
    [
      'a forbidden property',
      { kind: 'pyspark', conf: { 'spark.submit.deployMode': 'cluster' } },
      /Blacklisted configuration values in session config: spark.submit.deployMode/,
    ],
    ['a path that is not absolute', { kind: 'pyspark', pyFiles: ['x.py'] }, /Path 'x.py' is not absolute/],
    ['a path of the server', { kind: 'pyspark', files: ['/etc/../etc/passwd'] }, /Local path \/etc\/passwd cannot be added/],
    ['a master that is not allowed', { kind: 'pyspark', conf: { 'spark.master': 'spark://10.0.0.1:7077' } }, /master/],
  ];
  test.each(bodies)('for %s is 400 with one line', async (_what, body, msg) => {
    const answer = await house.ask<{ msg: string }>('POST', '/sessions', body);
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.body)).toEqual(['msg']);
    expect(answer.body.msg).toMatch(msg);
    expect(answer.body.msg).not.toContain('\n');
  });

  test.each([
    ['GET', '/sessions/777', 404, "Session '777' not found."],
    ['GET', '/sessions/nobody', 404, "Session 'nobody' not found."],
    ['GET', '/sessions/777/statements', 404, "Session '777' not found."],
    ['GET', '/sessions?from=abc', 400, 'For input string: "abc"'],
    ['POST', '/sessions/777/submit-job', 404, undefined],
    ['POST', '/sessions/777/state', 405, undefined],
    ['GET', '/sessions/777/what', 404, undefined],
  ])('of %s %s is %d', async (method, path, status, msg) => {
    const answer = await house.ask<{ msg: string }>(method, path);
    expect(answer.status).toBe(status);
    expect(Object.keys(answer.body)).toEqual(['msg']);
    if (msg !== undefined) expect(answer.body.msg).toBe(msg);
    if (status === 405) expect(answer.headers.get('allow')).toContain('GET');
  });

  test('of another version of the API is 406', async () => {
    const { status } = await house.ask('GET', '/sessions', undefined, { accept: 'application/vnd.livy.v9+json' });
    expect(status).toBe(406);
    expect((await house.ask('GET', '/sessions', undefined, { accept: 'application/vnd.livy.v0.1+json' })).status).toBe(200);
  });
});

describe('R2, R3: the entry of a session', () => {
  test('has every key and no other, whatever was given', async () => {
    const answer = await house.ask<ShownSession>('POST', '/sessions', '{"conf":{"n":5,"f":true},"numExecutors":"2","queue":null}');
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/sessions/${answer.body.id}`);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(Object.keys(answer.body).sort()).toEqual(members);
    expect(answer.body).toMatchObject({
      kind: 'shared',
      owner: null,
      proxyUser: null,
      numExecutors: 2,
      conf: { n: '5', f: 'true' },
      queue: null,
    });
    expect(answer.body.appInfo).toEqual({ driverLogUrl: null, sparkUiUrl: null, executorLogUrls: null, weirKind: 'python' });
    await house.until(answer.body.id, 'idle');
  });

  test('shows a kind that clients know', async () => {
    const shown: string[] = [];
    for (const kind of ['python', 'sql', 'shared']) shown.push((await house.ask<ShownSession>('POST', '/sessions', { kind })).body.kind);
    expect(shown).toEqual(['shared', 'sql', 'shared']);
  });

  test('is found by its name; pages are cut from the order in which they were made', async () => {
    const name = 'Found By Name';
    const id = await house.session({ kind: 'python', name });
    expect((await house.ask('GET', `/sessions/${encodeURIComponent(name)}`)).body.id).toBe(id);
    type Page = { from: number; total: number; sessions: ShownSession[] };
    const { body } = await house.ask<Page>('GET', '/sessions?from=1&size=2');
    expect(body).toMatchObject({ from: 1, sessions: [{ id: 1 }, { id: 2 }] });
    expect(body.total).toBeGreaterThan(3);
    expect((await house.ask<Page>('GET', '/sessions?from=900')).body).toMatchObject({ from: 900, sessions: [] });
    expect((await house.ask<Page>('GET', '/livy/sessions/')).body.total).toBe(body.total);
  });
});

test('R4: a name is held by a session that lives, and no longer', async () => {
  const name = 'PySpark-Job-Session';
  const id = await house.session({ name });
  const again = await house.ask<{ msg: string }>('POST', '/sessions', { name });
  expect(again).toMatchObject({ status: 400, body: { msg: `Rejected, Reason: Duplicate session name: ${name}` } });
  expect((await house.ask('POST', `/sessions/${id}/stop`)).status).toBe(204);
  await house.until(id, 'killed');
  const next = await house.session({ name });
  expect(next).toBeGreaterThan(id);
});

describe('R5, R6: statements', () => {
  test('begin as waiting, are available before the session is idle, and have seven keys', async () => {
    const id = await house.session();
    for (let round = 0; round < 20; round++) {
      const { body, status, headers } = await house.ask<Shown>('POST', `/sessions/${id}/statements`, {
        code: 'import time; time.sleep(0.01)',
      });
      expect(status).toBe(201);
      expect(headers.get('location')).toBe(`/sessions/${id}/statements/${round}`);
      expect(Object.keys(body)).toEqual(['id', 'code', 'state', 'output', 'progress', 'started', 'completed']);
      expect(body.output).toBeNull();
      for (;;) {
        const { state } = (await house.ask<ShownSession>('GET', `/sessions/${id}/state`)).body;
        if (state === 'busy') continue;
        expect((await house.statement(id, round)).state).toBe('available');
        break;
      }
    }
  });

  test('of a session that starts, or has ended, can be read at once and not posted', async () => {
    const { body } = await house.ask<ShownSession>('POST', '/sessions', { kind: 'python' });
    const empty = await house.ask('GET', `/sessions/${body.id}/statements`);
    expect(empty.body).toEqual({ total_statements: 0, statements: [] });
    await house.until(body.id, 'idle');
    await house.run(body.id, "'kept'");
    await house.ask('POST', `/sessions/${body.id}/stop`);
    const late = await house.ask<{ msg: string }>('POST', `/sessions/${body.id}/statements`, { code: '1' });
    expect(late.status).toBe(400);
    expect(late.body.msg).toMatch(/^Session is in state /);
    expect((await house.statement(body.id, 0)).output).toMatchObject({ data: { 'text/plain': "'kept'" } });
  });

  test('run in order; the list turns around before it is cut; faulty ones use no id', async () => {
    const id = await house.session();
    await Promise.all(Array.from({ length: 20 }, (_, at) => house.post(id, `print(${at})`)));
    await house.untilStatement(id, 19, 'available');
    type List = { total_statements: number; statements: Shown[] };
    const { body } = await house.ask<List>('GET', `/sessions/${id}/statements?order=desc&from=1&size=2`);
    expect(body.total_statements).toBe(20);
    expect(body.statements.map(({ id }) => id)).toEqual([18, 17]);
    for (const bad of [{}, { code: null }, { code: 5 }, { code: '1', more: 1 }, { code: '1', kind: 'sparkr' }, { code: '1', kind: 'sql' }])
      expect((await house.ask('POST', `/sessions/${id}/statements`, bad)).status).toBe(400);
    expect((await house.post(id, '1')).id).toBe(20);
    const started = (await house.ask<List>('GET', `/sessions/${id}/statements`)).body.statements.map((one) => one.started);
    expect(started).toEqual([...started].sort((a, b) => a - b));
  });

  test('with large outputs come whole, alone and in lists', async () => {
    const id = await house.session();
    expect(String(await house.text(id, "'x' * 3_000_000")).length).toBe(3_000_002);
    const { text } = await house.ask('GET', `/sessions/${id}/statements`);
    expect(text.length).toBeGreaterThan(3_000_000);
  });
});

test('R9: a log has stable offsets, and pages as clients read them', async () => {
  const id = await house.session();
  await house.run(id, "import os\nfor i in range(250): n = os.write(1, b'line %d\\n' % i)");
  type Log = { id: number; from: number; total: number; log: string[] };
  const log = async (query: string) => (await house.ask<Log>('GET', `/sessions/${id}/log${query}`)).body;
  await eventually(
    () => log(''),
    ({ total }) => total === 250,
  );
  expect(await log('')).toMatchObject({ id, from: 150, total: 250 });
  expect((await log('')).log).toHaveLength(100);
  expect((await log('?from=100&size=3')).log).toEqual(['line 100', 'line 101', 'line 102']);
  expect((await log('?from=-1&size=2')).log).toEqual(['line 248', 'line 249']);
  expect((await log('?size=-1')).log).toHaveLength(250);
  expect(await log('?from=900')).toMatchObject({ from: 900, total: 250, log: [] });
  expect((await house.ask<ShownSession>('GET', `/sessions/${id}`)).body.log).toEqual(
    Array.from({ length: 10 }, (_, at) => `line ${240 + at}`),
  );
});

describe('R15: the version', () => {
  test('has parts of one digit, all of them texts', async () => {
    const { body } = await house.ask<Record<string, unknown>>('GET', '/livy/version');
    expect(body.version).toMatch(/^\d\.\d\.\d-weir$/);
    expect(Object.keys(body).sort()).toEqual(['branch', 'date', 'revision', 'url', 'user', 'version']);
    expect(Object.values(body).every((value) => typeof value === 'string')).toBe(true);
  });

  test('and the pages for people lead somewhere', async () => {
    for (const path of ['/ui', '/ui/', '/ui/session/0']) {
      const { status, headers } = await house.ask('GET', path);
      expect(status).toBe(302);
      expect((await house.ask('GET', String(headers.get('location')))).status).toBe(200);
    }
  });
});

test('a page of another site needs the header that it cannot set', async () => {
  const from = { origin: `${house.url.replace('127.0.0.1', 'localhost')}1` };
  expect((await house.ask('POST', '/sessions', { kind: 'python' }, from)).status).toBeGreaterThanOrEqual(400);
  const strict = new House(['sessions.csrf=true']);
  try {
    await strict.start();
    const refused = await strict.ask<{ msg: string }>('POST', '/sessions', { kind: 'python' });
    expect(refused).toMatchObject({ status: 400, body: { msg: expect.stringContaining('Missing Required Header for CSRF protection.') } });
    expect((await strict.ask('POST', '/sessions', { kind: 'python' }, { 'x-requested-by': 'me' })).status).toBe(201);
    await strict.ask('DELETE', '/sessions/0', undefined, { 'x-requested-by': 'me' });
  } finally {
    await strict.close();
  }
});

test('a body is JSON whatever it is called', async () => {
  const { status, body } = await house.ask<ShownSession>('POST', '/sessions', '{"kind":"python"}', { 'content-type': 'text/plain' });
  expect(status).toBe(201);
  await house.until(body.id, 'idle');
  expect((await house.ask('POST', `/sessions/${body.id}/statements/0/cancel`, 'not { json', { 'content-type': 'x/y' })).status).toBe(200);
  expect((await house.ask('DELETE', `/sessions/${body.id}`)).body).toEqual({ msg: 'deleted' });
  expect((await house.ask('GET', `/sessions/${body.id}`)).status).toBe(404);
});

test('on a port of its own the server is taken for Livy: `/` and `/version` are its; it may run nothing', async () => {
  const own = new House(['sessions.listen=127.0.0.1:0', 'sessions.enabled=never']);
  try {
    await own.start();
    const url = String(/Livy on (http:\/\/[\d.:]+)/.exec(own.said)?.[1]);
    expect(((await (await fetch(`${url}/version`)).json()) as { version: string }).version).toMatch(/-weir$/);
    expect(await fetch(url, { redirect: 'manual' })).toMatchObject({ status: 302 });
    expect(await (await fetch(`${url}/sessions?size=5`)).json()).toEqual({ from: 0, total: 0, sessions: [] });
    expect(await (await own.ask('GET', '/version')).body).toHaveProperty('etcdserver');
    const refused = await own.ask('POST', '/sessions', { kind: 'python' });
    expect(refused).toMatchObject({ status: 403, body: { msg: expect.stringContaining('never') } });
  } finally {
    await own.close();
  }
  const far = new House(['sessions.listen=0.0.0.0:0']);
  await expect(far.start()).rejects.toThrow('would be reached by other machines');
  await far.close();
});
