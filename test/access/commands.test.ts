/** The commands of the access, as processes: on a data directory first, then on the server that runs over it. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { right } from './house.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'weir-access-commands-'));
const data = join(folder, 'data');
const another = 'quite another passphrase';
let url = '';
let stop = async () => {};
afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

type Outcome = { code: number; out: string; err: string };

function weir(words: string[], { input = '', env = {} }: { input?: string; env?: Record<string, string> } = {}): Promise<Outcome> {
  const all = { ...process.env, XDG_CONFIG_HOME: join(folder, 'config'), WEIR_TOKEN: '', ...(url !== '' && { WEIR_SERVER: url }), ...env };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...words], { env: all }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
    child.stdin?.end(input);
  });
}

async function serve(): Promise<{ line: string; next: string }> {
  const child = spawn(process.execPath, [main, 'serve', '--data', data, '--listen', '127.0.0.1:0', '--log-level', 'warn'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, WEIR_ADMIN_PASSWORD_FILE: '' },
  });
  stop = async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = String((await lines.next()).value);
  url = /(http:\S+),/.exec(line)?.[1] ?? '';
  const next = await Promise.race([
    lines.next().then(({ value }) => String(value)),
    new Promise<string>((done) => setTimeout(done, 300, '')),
  ]);
  return { line, next };
}

const json = (text: string): unknown => JSON.parse(text);

beforeAll(async () => {
  const wrong = await weir(['users', 'add', 'vera', '--role', 'viewer', '--password-stdin', '--data', data], { input: `${right}\n` });
  expect([wrong.code, wrong.err]).toEqual([6, expect.stringContaining('has to be an administrator')]);
  const added = await weir(['users', 'add', 'ann', '--role', 'admin', '--password-stdin', '--data', data], { input: `${right}\n` });
  expect([added.code, added.out]).toEqual([0, 'ann is admin now.\n']);
});

test('a server without users says so beside its one line', async () => {
  const empty = spawn(process.execPath, [main, 'serve', '--data', join(folder, 'empty'), '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let err = '';
  for await (const piece of empty.stderr.setEncoding('utf8')) {
    err += piece;
    if (err.includes('no user yet')) break;
  }
  const ended = once(empty, 'exit');
  empty.kill('SIGTERM');
  await ended;
  expect(err).toContain('no user yet: this machine alone may come in');
  expect((await serve()).next).toBe('');
});

test('log in, do things, log out', async () => {
  expect(await weir(['users', 'list'])).toMatchObject({ code: 4, err: expect.stringContaining('weir login') });
  expect(await weir(['login', 'ann', '--password-stdin'], { input: 'wrong\n' })).toMatchObject({
    code: 4,
    err: 'weir: Wrong name or password.\n',
  });
  expect(await weir(['login', 'ann'])).toMatchObject({ code: 2, err: expect.stringContaining('--password-stdin') });
  expect(await weir(['login', 'ann', '--password-stdin'], { input: `${right}\n` })).toMatchObject({ code: 0 });
  const logins = join(folder, 'config', 'weir', 'logins');
  for (const name of readdirSync(logins)) expect(statSync(join(logins, name)).mode & 0o777).toBe(0o600);
  expect(json((await weir(['users', 'list', '--json'])).out)).toMatchObject([{ name: 'ann', role: 'admin' }]);
  const token = (await weir(['token', 'show'])).out.trim();
  expect((await fetch(`${url}/`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
  expect(await weir(['logout'])).toMatchObject({ code: 0, out: expect.stringContaining('ann is logged out') });
  expect((await fetch(`${url}/`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(401);
  expect(readdirSync(logins)).toEqual([]);
});

test('users are added, shown, changed, locked out and removed', async () => {
  const file = join(folder, 'password');
  writeFileSync(file, `${right}\n`);
  expect(await weir(['login', 'ann', '--password-file', file])).toMatchObject({ code: 0 });
  const made = json((await weir(['users', 'add', 'bob', '--role', 'operator', '--generate', '--json'])).out) as { password: string };
  expect(made).toMatchObject({ name: 'bob', must_change_password: true, password: expect.stringMatching(/^[\w-]{20}$/) });
  const bob = { XDG_CONFIG_HOME: join(folder, 'bob') };
  const first = await weir(['login', 'bob', '--password-stdin'], { input: `${made.password}\n`, env: bob });
  expect(first.err).toContain('Choose a password of your own');
  expect(await weir(['tickets', 'list'], { env: bob })).toMatchObject({
    code: 4,
    err: expect.stringContaining('Choose a password of your own first'),
  });
  expect(await weir(['users', 'passwd', '--password-stdin'], { input: `${made.password}\n${another}\n`, env: bob })).toMatchObject({
    code: 0,
  });
  expect(await weir(['tickets', 'list'], { env: bob })).toMatchObject({ code: 0 });
  expect(await weir(['users', 'list'], { env: bob })).toMatchObject({ code: 4, err: expect.stringContaining('needs the role admin') });
  expect(json((await weir(['users', 'role', 'bob', 'viewer', '--json'])).out)).toMatchObject({ role: 'viewer' });
  expect(await weir(['tickets', 'list'], { env: bob })).toMatchObject({ code: 4 });
  for (const word of ['disable', 'enable', 'unlock', 'logout', 'show'])
    expect(await weir(['users', word, 'bob']), word).toMatchObject({ code: 0 });
  expect(await weir(['users', 'rm', 'bob'])).toMatchObject({ code: 0 });
  expect(await weir(['users', 'rm', 'bob'])).toMatchObject({ code: 3 });
  expect(await weir(['users', 'rm', 'ann'])).toMatchObject({ code: 6, err: expect.stringContaining('last administrator') });
});

test('tokens of programs are made, used, rotated and ended', async () => {
  expect(await weir(['users', 'add', 'robot', '--role', 'operator', '--service'])).toMatchObject({ code: 0 });
  const made = json(
    (await weir(['token', 'add', 'nightly', '--user', 'robot', '--role', 'viewer', '--days', '1', '--json'])).out,
  ) as Record<string, string>;
  const env = { WEIR_TOKEN: String(made.token) };
  expect(await weir(['tickets', 'list'], { env })).toMatchObject({ code: 0 });
  expect(await weir(['tickets', 'create', 'Switch is down'], { env })).toMatchObject({ code: 4 });
  const next = await weir(['token', 'rotate', String(made.id)]);
  expect([next.code, next.out]).toEqual([0, expect.stringMatching(/^weir_pat_[\w-]{43}\n$/)]);
  expect(await weir(['tickets', 'list'], { env })).toMatchObject({ code: 4, err: expect.stringContaining('not valid, or no longer') });
  const [left] = json((await weir(['token', 'list', '--user', 'robot', '--json'])).out) as { id: string }[];
  expect(await weir(['token', 'rm', String(left?.id)])).toMatchObject({ code: 0 });
  expect((await weir(['token', 'list', '--user', 'robot', '--json'])).out).toBe('[]\n');
  expect(await weir(['token', 'rotate-keys'])).toMatchObject({ code: 0 });
  expect(await weir(['users', 'list'])).toMatchObject({ code: 0 });
});

test('the audit log tells it all, and the same commands work on the directory when the server is gone', async () => {
  const lines = json((await weir(['audit', '--actor', 'ann', '--json'])).out) as { action: string }[];
  for (const action of ['login', 'logout', 'users.add', 'users.change', 'tokens.rotate', 'signing-keys.rotate'])
    expect(lines.map((line) => line.action)).toContain(action);
  expect((await weir(['audit', '--outcome', 'failed'])).out).toContain('login');
  expect(await weir(['audit', '--check'])).toMatchObject({ code: 0 });
  expect(await weir(['users', 'list', '--data', data])).toMatchObject({ code: 6 });
  await stop();
  stop = async () => {};
  expect((await weir(['users', 'list', '--data', data])).out).toContain('robot');
  expect(await weir(['users', 'passwd', 'ann', '--password-stdin', '--data', data], { input: `${another}\n` })).toMatchObject({ code: 0 });
  // The settings in force are those that the server reads.
  const settings = join(folder, 'weir.json');
  writeFileSync(settings, '{"server": {"listen": "[::1]:1"}, "access": {"passwords": {"least": 50}}}');
  const short = await weir(['users', 'passwd', 'ann', '--password-stdin', '--data', data], {
    input: `${another}\n`,
    env: { WEIR_CONFIG: settings },
  });
  expect([short.code, short.err]).toEqual([2, expect.stringContaining('50')]);
  expect(await weir(['token', 'rotate-keys', '--at-once', '--data', data])).toMatchObject({ code: 0 });
  expect((await weir(['audit', '--data', data, '-n', '1', '--json'])).out).toContain('signing-keys.rotate');
  expect(await weir(['audit', '--check', '--data', data])).toMatchObject({ code: 0 });
});
