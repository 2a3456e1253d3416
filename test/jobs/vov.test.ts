/**
 * Accelerator's REST v3 as its clients use it: the published `nc_info.py` unmodified (its text is not part of this project: WEIR_SEEDS names
 * its folder), over one connection, with two jobs that run; and what it reads, told by our own eyes.
 */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHouse, right } from '../access/house.ts';

const seeds = process.env.WEIR_SEEDS;
const python = ['python3', '/usr/bin/python3'].find((one) => spawnSync(one, ['-c', 'import requests']).status === 0);
const examples = fileURLToPath(new URL('../../examples', import.meta.url));
const example = join(examples, 'getToken.py');

let house: Awaited<ReturnType<typeof openHouse>>;
let token = '';
const folder = mkdtempSync(join(tmpdir(), 'weir-vov-'));
beforeAll(async () => {
  house = await openHouse(['jobs.cores=4', 'jobs.grace=500ms']);
  token = (await house.addStaff()).operator;
});
afterAll(async () => {
  for (const id of ids) await house.ask('PUT', `/api/v3/jobs/${id}`, { token, json: { action: 'kill' } });
  for (const id of ids) await until(id, 'Done', 'Failed', undefined); // or forgotten
  await house.close();
  rmSync(folder, { recursive: true, force: true });
});

const ids: string[] = [];
async function submit(command: string): Promise<string> {
  const { status, body, text } = await house.ask('POST', '/api/v3/jobs', { token, json: { command, directory: folder } });
  if (status !== 201) throw new Error(text);
  ids.push(String(body.id));
  return String(body.id);
}

const needs = '[needs WEIR_SEEDS: the folder with the published texts; and Python with requests]';
test.skipIf(seeds === undefined || python === undefined)(`nc_info.py shows two running jobs over one connection ${needs}`, async () => {
  const text = readdirSync(seeds as string)
    .map((name) => readFileSync(join(seeds as string, name), 'utf8'))
    .find((one) => one.includes('nc_info.py')) as string;
  const program = /\n(#!\/usr\/bin\/python\n#\n# nc_info\.py[\s\S]*?\n {4}print \(""\)\n)/.exec(text)?.[1] as string;
  writeFileSync(join(folder, 'nc_info.py'), program);
  copyFileSync(example, join(folder, 'getToken.py'));
  // The program asks for the password at the terminal; here somebody answers.
  writeFileSync(join(folder, 'getpass.py'), `def getpass(prompt=''):\n    print(prompt)\n    return ${JSON.stringify(right)}\n`);
  const [one, two] = [await submit('sleep 123'), await submit('sleep 456')];
  await untilRunning(two);
  const proxy = await countingProxy(Number(new URL(house.url).port));
  const said = await run(python as string, [join(folder, 'nc_info.py'), one, two], {
    NC_URL: `http://127.0.0.1:${proxy.port}`,
    USER: 'opal',
    HOME: folder,
    PATH: process.env.PATH ?? '',
  });
  proxy.close();
  const job = (id: string, seconds: number) =>
    `Job             ${id}\nUser,Group      opal,/time/users.opal\nCommand         vw sleep ${seconds} > vnc_logs/D\nStatus          Running\n   Host         HOST\n   Duration     Ns\n`;
  const plain = said
    .replace(/vnc_logs\/\d{8}\/\d{6}\.\d+/g, 'vnc_logs/D')
    .replace(/Host {9}\S+/g, 'Host         HOST')
    .replace(/Duration {5}\d+s/g, 'Duration     Ns');
  expect(plain).toBe(`Password:\n${job(one, 123)}\n${job(two, 456)}\n`);
  expect(proxy.connections()).toBe(1);
});

test('all seven fields of the published client come whatever the state of a job', async () => {
  const { body } = await house.ask('POST', '/api/v3/jobs', { token, json: { command: 'true', directory: folder, hold: 1 } });
  const { status, body: shown } = await house.ask('GET', `/api/v3/jobs/${Number(body.id)}`, {
    headers: { authorization: `Bearer:${token}` },
  });
  expect(status).toBe(200);
  const names = (shown.columns as { field: string; col: number }[]).map(({ field }) => field);
  expect(names).toEqual(expect.arrayContaining(['ID', 'USER', 'GROUP', 'COMMAND', 'STATUSNC', 'HOST', 'DURATIONPP']));
  expect(shown).toMatchObject({ errormsg: '', startrow: 1, endrow: 1 });
});

test('some fields of a job, in any case', async () => {
  const id = await submit('sleep 30');
  const { body } = await house.ask('GET', `/api/v3/jobs/${id}/id,CommandLength,raWcommand`, { token });
  expect(body.columns).toEqual([
    { field: 'ID', col: 0 },
    { field: 'COMMANDLENGTH', col: 1 },
    { field: 'RAWCOMMAND', col: 2 },
  ]);
  expect((body.rows as unknown[][])[0]?.[2]).toBe('sleep 30');
  expect((await house.ask('GET', `/api/v3/jobs/${id}/nonsense`, { token })).status).toBe(400);
});

test('a job is stopped, run again and forgotten by its verbs', async () => {
  const id = await submit('sleep 30');
  await untilRunning(id);
  expect((await house.ask('PUT', `/api/v3/jobs/${id}`, { token, json: { action: 'stop' } })).status).toBe(200);
  await until(id, 'Failed');
  const { body } = await house.ask('GET', `/api/v3/jobs/${id}/weirreason`, { token });
  expect(body.rows).toEqual([['stopped']]);
  expect((await house.ask('DELETE', `/api/v3/jobs/${id}`, { token })).status).toBe(204);
  expect((await house.ask('GET', `/api/v3/jobs/${id}`, { token })).status).toBe(404);
});

test('priority, name and properties of a job are changed by PATCH, and nothing else', async () => {
  const { body } = await house.ask('POST', '/api/v3/jobs', {
    token,
    json: { command: 'true', directory: folder, hold: 1, jobclass: undefined },
  });
  const path = `/api/v3/jobs/${String(body.id)}`;
  expect((await house.ask('PATCH', path, { token, json: { priority: 'top', jobname: 'late', proplist: { A: '1' } } })).status).toBe(200);
  const { body: shown } = await house.ask('GET', `${path}/priority,jobname`, { token });
  expect(shown.rows).toEqual([[15, 'late']]);
  expect((await house.ask('PATCH', path, { token, json: { user: 'root' } })).status).toBe(422);
  expect((await house.ask('PATCH', path, { token, json: [] })).status).toBe(422);
});

const hasRequests = python !== undefined;
test.skipIf(!hasRequests)(
  'the Python example has the four names of VOVRestV3 and works over one connection [needs Python with requests]',
  async () => {
    const proxy = await countingProxy(Number(new URL(house.url).port));
    const url = `http://127.0.0.1:${proxy.port}`;
    const program = `
import json, sys
from vov_rest_v3 import VOVRestV3, RestError
vrest = VOVRestV3()
vrest.authorize(${JSON.stringify(url)}, username='opal', password=${JSON.stringify(right)})
assert vrest.getJWT().startswith('Bearer:')
jobs = ${JSON.stringify(`${url}/api/v3/jobs`)}
made = json.loads(vrest.submitRequest('POST', jobs, jsonData={'command': 'sleep 30', 'directory': ${JSON.stringify(folder)}}))
one = jobs + '/' + made['id']
print(json.loads(vrest.submitRequest('GET', one + '/rawcommand'))['rows'])
vrest.submitRequest('PUT', one, jsonData={'action': 'kill'})
print(len(json.loads(vrest.submitRequest('GET', jobs, queryParams={'fields': 'ID,USER', 'per_page': 1}))['columns']))
try:
    vrest.submitRequest('GET', jobs + '/999999')
except RestError as error:
    print(error.status, error)
vrest.setJWT('Bearer:a.b.c')   # as if it had ended: it logs in again
vrest.submitRequest('GET', jobs)
other = VOVRestV3()
other.setJWT(vrest.getJWT())
print('USER' in other.submitRequest('GET', jobs))
`;
    const said = await run(python as string, ['-c', program], {
      PYTHONPATH: examples,
      PATH: process.env.PATH ?? '',
      PYTHONDONTWRITEBYTECODE: '1',
    });
    proxy.close();
    expect(said).toMatch(/^\[\['sleep 30'\]\]\n2\n404 There is no job 000999999\.; .*\nTrue\n$/);
    expect(proxy.connections()).toBe(2); // one for each of the two clients
  },
);

const shared = { directory: folder };
const bad: [what: string, submission: unknown, says: RegExp][] = [
  ['no object', [1], /JSON object/],
  ['no command', { ...shared }, /command: it is missing/],
  ['an empty command', { command: [], ...shared }, /no program/],
  ['a command of numbers', { command: [1, 2], ...shared }, /list of words or a text/],
  ['a NUL in a word', { command: ['a\u0000b'], ...shared }, /NUL/],
  ['what only a shell understands', { command: 'ls | wc', ...shared }, /only a shell understands/],
  ['an open quote', { command: "echo 'a", ...shared }, /is not closed/],
  ['a shell and a list', { command: ['ls'], shell: true, ...shared }, /one text/],
  ['a directory that is not there', { command: 'ls', directory: '/no/such/place' }, /ENOENT/],
  ['a relative directory', { command: 'ls', directory: 'here' }, /an absolute path/],
  ['a file as directory', { command: 'ls', directory: '/etc/passwd' }, /not a directory|ENOTDIR/],
  ['a log outside', { command: 'ls', logfile: '../../etc/passwd', ...shared }, /in the run directory/],
  ['an unknown job class', { command: 'ls', jobclass: 'nothing', ...shared }, /no job class/],
  ['an unknown member', { command: 'ls', comand: 1, ...shared }, /no such member/],
  ['another owner', { command: 'ls', user: 'root', ...shared }, /owner of a job/],
  ['a terminal without rows', { command: 'ls', interactive: { rows: 0, columns: 80 }, ...shared }, /rows/],
  ['a priority that is none', { command: 'ls', priority: 16, ...shared }, /1 to 15/],
  ['a broken expression', { command: 'ls', resources: 'CORES/two', ...shared }, /whole number/],
  ['an open bracket', { command: 'ls', resources: '(linux64', ...shared }, /bracket/],
  ['more cores than there are', { command: 'ls', resources: 'CORES/5000', ...shared }, /4 CORES, not 5000/],
  ['a host that is not there', { command: 'ls', resources: 'mars', ...shared }, /has no mars/],
  ['a time that is none', { command: 'ls', time_limit: 'soon', ...shared }, /3h30m/],
  ['no time at all', { command: 'ls', time_limit: 0, ...shared }, /at least 1s/],
  ['a dependency on nothing', { command: 'ls', dependencies: ['afterok:999999'], ...shared }, /There is no job 000999999/],
  ['a dependency of no kind', { command: 'ls', dependencies: ['later:1'], ...shared }, /afterok/],
  ['an array that goes backwards', { command: 'ls', array: '5-1', ...shared }, /backwards/],
  ['an array without end', { command: 'ls', array: '0-9999999', ...shared }, /more than 10000 jobs/],
  ['retries without count', { command: 'ls', retry: { delay: 5 }, ...shared }, /max/],
  ['a variable with =', { command: 'ls', environment: { 'A=B': 'x' }, ...shared }, /name of a variable/],
  ['a property with a blank', { command: 'ls', properties: { 'a b': 'x' }, ...shared }, /names of letters/],
  ['another wrapper', { command: 'ls', wrapper: 'sudo', ...shared }, /only wrapper/],
];

test.each(bad)('%s is refused, and told', async (_what, submission, says) => {
  const { status, text } = await house.ask('POST', '/api/v1/jobs', { token, json: submission });
  expect(status).toBe(422);
  expect(text).toMatch(says);
});

test('every fault of a submission is listed', async () => {
  const { body } = await house.ask('POST', '/api/v1/jobs', { token, json: { priority: 99, array: 'x', colour: 'blue' } });
  expect((body.errors as { pointer: string }[]).map(({ pointer }) => pointer)).toEqual(['/command', '/priority', '/array', '/colour']);
});

test.each([
  ['-1', 400],
  ['0x10', 400],
  ['+5', 400],
  ['%201', 400],
  ['1234567890123456789', 400],
  ['999999999', 404],
])('the id %s is answered by %i', async (id, status) => {
  expect((await house.ask('GET', `/api/v3/jobs/${id}`, { token })).status).toBe(status);
});

test('viewers look, and others than the owner do not touch', async () => {
  const id = await submit('sleep 30');
  const viewer = await house.logIn('vera');
  expect((await house.ask('GET', `/api/v1/jobs/${id}`, { token: viewer })).status).toBe(200);
  expect((await house.ask('POST', '/api/v1/jobs', { token: viewer, json: { command: 'true' } })).status).toBe(403);
  expect((await house.ask('POST', `/api/v1/jobs/${id}/stop`, { token: viewer })).status).toBe(403);
  const admin = await house.logIn('root');
  await house.ask('POST', '/api/v1/users', { token: admin, json: { name: 'otto', role: 'operator', password: right } });
  const other = await house.logIn('otto');
  expect((await house.ask('POST', `/api/v1/jobs/${id}/stop`, { token: other })).status).toBe(403);
  expect((await house.ask('GET', `/api/v1/jobs/${id}/environment`, { token: other })).status).toBe(403);
  expect((await house.ask('POST', `/api/v1/jobs/${id}/kill`, { token: admin })).status).toBe(200);
});

/** Waits until the job has one of the states; one that is forgotten has none. */
async function until(id: string, ...states: (string | undefined)[]): Promise<void> {
  for (;;) {
    const { body } = await house.ask('GET', `/api/v3/jobs/${id}/statusnc`, { token });
    if (states.includes((body.rows as string[][] | undefined)?.[0]?.[0])) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
const untilRunning = (id: string): Promise<void> => until(id, 'Running');

async function run(command: string, args: string[], env: Record<string, string>): Promise<string> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (text) => (said += String(text)));
  child.stderr.on('data', (text) => (said += String(text)));
  await new Promise((resolve) => child.once('close', resolve));
  return said;
}

/** Passes connections on and counts them. */
async function countingProxy(port: number) {
  let count = 0;
  const server = createServer((client) => {
    count++;
    const upstream = connect(port, '127.0.0.1');
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as { port: number }).port, connections: () => count, close: () => server.close() };
}
