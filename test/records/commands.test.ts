/** The commands of the records, as processes on a server. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type House, openHouse } from './house.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'weir-records-'));
let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(async () => {
  await house.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(words: string[], input = '') {
  const env = { ...process.env, WEIR_SERVER: house.url, XDG_CONFIG_HOME: folder, WEIR_TOKEN: '', NO_COLOR: '1' };
  const child = spawn(process.execPath, [main, 'records', ...words], { env });
  child.stdin.end(input);
  return child;
}

async function weir(words: string[], input = ''): Promise<{ out: string; err: string; code: unknown }> {
  const child = start(words, input);
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), new Promise((done) => child.once('exit', done))]);
  return { out, err, code };
}

test('records are made, found, replaced, changed and removed', async () => {
  const made = await weir(['create', 'todos', '-F', 'userId=1', '-f', 'title=Buy milk', '-F', 'completed=false', '--json']);
  expect([made.err, JSON.parse(made.out)]).toEqual(['', { userId: 1, title: 'Buy milk', completed: false, id: 1 }]);
  await weir(['create', 'todos', '-d', '-'], '{"userId": 2, "title": "Wash car", "completed": true}');
  const [all, found, one] = await Promise.all([
    weir(['list', 'todos', '--sort', '-id']),
    weir(['list', 'todos', 'userId=2', '--csv']),
    weir(['get', 'todos', '1']),
  ]);
  expect(all.out).toBe('id  userId  title     completed\n 2  2       Wash car  true\n 1  1       Buy milk  false\n');
  expect(found.out).toBe('id,userId,title,completed\n2,2,Wash car,true\n');
  expect(one.out).toContain('title      Buy milk\n');
  expect(JSON.parse((await weir(['patch', 'todos', '1', '-F', 'userId=null', '-f', 'title=Mow lawn', '--json'])).out)).toEqual({
    title: 'Mow lawn',
    completed: false,
    id: 1,
  });
  const jsonPatch = '[{"op": "replace", "path": "/completed", "value": true}]';
  expect((await weir(['patch', 'todos', '1', '-d', jsonPatch, '--json'])).out).toContain('"completed":true');
  expect(JSON.parse((await weir(['set', 'todos', '1', '-f', 'title=Rest', '--json'])).out)).toEqual({ title: 'Rest', id: 1 });
  expect((await weir(['rm', 'todos', '1', '2'])).out).toBe('todos: 1, 2 gone.\n');
  expect(await weir(['get', 'todos', '1'])).toMatchObject({ code: 3, err: expect.stringContaining('no todos/1') });
});

test('a collection goes out and comes in again, in parts, lines or a list', async () => {
  const lines = Array.from({ length: 1201 }, (_, at) => JSON.stringify({ name: `host ${at}`, id: at + 1 }));
  const file = join(folder, 'hosts.ndjson');
  writeFileSync(file, `${lines.join('\n')}\n`);
  expect((await weir(['import', 'hosts', file])).out).toBe('1201 records are in hosts now.\n');
  const [out, list] = await Promise.all([weir(['export', 'hosts']), weir(['list', 'hosts', '-n', '700', '--json'])]);
  expect(out.out).toBe(`${lines.join('\n')}\n`);
  expect((JSON.parse(list.out) as unknown[]).length).toBe(700);
  const again = await weir(['import', 'hosts', '-'], '[{"id": 1, "name": "other"}]');
  expect([again.code, again.err]).toEqual([6, expect.stringContaining('hosts/1')]);
  expect((await weir(['import', 'hosts', '--replace', '--json', '-'], '[{"id": 1, "name": "other"}]')).out).toBe('{"imported":1}\n');
  expect((await weir(['list'])).out).toContain('hosts');
  expect(await weir(['rm', 'hosts', '--all'])).toMatchObject({ code: 2 });
  expect((await weir(['rm', 'hosts', '--all', '--yes'])).code).toBe(0);
});

test('a feed tells what happens, from where one says', async () => {
  const made = await fetch(`${house.url}/api/v1/records/feed`, {
    method: 'POST',
    body: '{"a":1}',
    headers: { 'content-type': 'application/json' },
  });
  expect(made.status).toBe(201);
  const index = Number(/\d+/.exec(made.headers.get('etag') ?? '')?.[0]);
  const child = start(['watch', 'feed', '--from', String(index - 1), '--json']);
  const [line] = await new Promise<string[]>((resolve) => {
    let got = '';
    child.stdout.on('data', (piece) => {
      got += piece;
      if (got.includes('\n')) resolve(got.split('\n'));
    });
  });
  child.kill('SIGINT');
  expect(JSON.parse(line ?? '')).toMatchObject({ event: 'put', record: { a: 1, id: 1 } });
});

test('a schema is set, kept to and taken away', async () => {
  const set = await weir(['schema', 'notes', '--set', '{"type": "object", "required": ["text"]}']);
  expect([set.code, set.err]).toEqual([0, '']);
  expect(await weir(['create', 'notes', '-f', 'txt=a'])).toMatchObject({ code: 2, err: expect.stringContaining('text') });
  expect((await weir(['schema', 'notes', '--rm'])).code).toBe(0);
  expect(await weir(['schema', 'notes'])).toMatchObject({ code: 3 });
});

test.each([
  [['create', 'todos'], 'by fields or by --body'],
  [['list', 'todos', 'milk'], 'expected member=value'],
  [['rm', 'todos'], 'say which records'],
  [['list', '--data', folder], 'takes no --data'],
  [['create', 'todos', '-d', '{"a":'], 'no JSON'],
])('%j is refused with what to do', async (words, reason) => {
  expect(await weir(words)).toMatchObject({ code: 2, err: expect.stringContaining(reason) });
});
