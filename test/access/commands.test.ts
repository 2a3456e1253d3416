/** The commands of the access, as processes: on a server first, then on its data directory when it is gone. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { right } from './house.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'weir-access-commands-'));
const data = join(folder, 'data');
const password = join(folder, 'password');
const another = 'quite another passphrase';
const environment = {
  ...process.env,
  XDG_CONFIG_HOME: join(folder, 'config'),
  WEIR_TOKEN: '',
  WEIR_ADMIN_PASSWORD_FILE: '',
  // Hashes as cheap as they may be: here they are only made.
  WEIR_ACCESS_PASSWORDS_MEMORY: '19MiB',
  WEIR_ACCESS_PASSWORDS_PASSES: '1',
};
let server: Awaited<ReturnType<typeof serve>>;
let url = '';

beforeAll(async () => {
  writeFileSync(password, `${right}\n`);
  server = await serve();
  url = /(http:\S+),/.exec(server.told.out)?.[1] ?? '';
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

type Outcome = { code: number; out: string; err: string };
type Given = { input?: string; env?: Record<string, string> };

function weir(words: string[], { input = '', env = {} }: Given = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...words], { env: { ...environment, WEIR_SERVER: url, ...env } }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
    child.stdin?.end(input);
  });
}

/** A server on the directory, from its first line on; `told` is all that it says. */
async function serve() {
  const words = ['serve', '--data', data, '--listen', '127.0.0.1:0', '--log-level', 'warn'];
  const child = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'pipe', 'pipe'], env: environment });
  const told = { out: '', err: '' };
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told.err += text));
  const begun = new Promise((resolve) =>
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      told.out += text;
      if (told.out.includes('\n')) resolve(undefined);
    }),
  );
  const ended = once(child, 'close');
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  await Promise.race([begun, ended]);
  return { told, stop };
}

const json = (text: string): unknown => JSON.parse(text);

test('the first user is an administrator, and is asked for beside the one line of the server', async () => {
  await expect.poll(() => server.told.err).toContain('no user yet: this machine alone may come in');
  const wrong = await weir(['users', 'add', 'vera', '--role', 'viewer', '--password-stdin'], { input: `${right}\n` });
  expect([wrong.code, wrong.err]).toEqual([6, expect.stringContaining('has to be an administrator')]);
  const added = await weir(['users', 'add', 'ann', '--role', 'admin', '--password-stdin'], { input: `${right}\n` });
  expect([added.code, added.out]).toEqual([0, 'ann is admin now.\n']);
});

test('log in, do things, log out', async () => {
  const [nobody, wrong, silent] = await Promise.all([
    weir(['users', 'list']),
    weir(['login', 'ann', '--password-stdin'], { input: 'wrong\n' }),
    weir(['login', 'ann']),
  ]);
  expect(nobody).toMatchObject({ code: 4, err: expect.stringContaining('weir login') });
  expect(wrong).toMatchObject({ code: 4, err: 'weir: Wrong name or password.\n' });
  expect(silent).toMatchObject({ code: 2, err: expect.stringContaining('--password-stdin') });
  expect(await weir(['login', 'ann', '--password-stdin'], { input: `${right}\n` })).toMatchObject({ code: 0 });
  const logins = join(folder, 'config', 'weir', 'logins');
  for (const name of readdirSync(logins)) expect(statSync(join(logins, name)).mode & 0o777).toBe(0o600);
  const [list, shown] = await Promise.all([weir(['users', 'list', '--json']), weir(['token'])]);
  expect(json(list.out)).toMatchObject([{ name: 'ann', role: 'admin' }]);
  const headers = { authorization: `Bearer ${shown.out.trim()}` };
  expect((await fetch(`${url}/`, { headers })).status).toBe(200);
  expect(await weir(['logout'])).toMatchObject({ code: 0, out: expect.stringContaining('ann is logged out') });
  expect((await fetch(`${url}/`, { headers })).status).toBe(401);
  expect(readdirSync(logins)).toEqual([]);
});

test('users are added, and choose their own password', async () => {
  expect(await weir(['login', 'ann', '--password-file', password])).toMatchObject({ code: 0 });
  const made = json((await weir(['users', 'add', 'bob', '--role', 'operator', '--generate', '--json'])).out) as { password: string };
  expect(made).toMatchObject({ name: 'bob', must_change_password: true, password: expect.stringMatching(/^[\w-]{20}$/) });
  const env = { XDG_CONFIG_HOME: join(folder, 'bob') };
  const first = await weir(['login', 'bob', '--password-stdin'], { input: `${made.password}\n`, env });
  expect(first.err).toContain('Choose a password of your own');
  const early = await weir(['tickets', 'list'], { env });
  expect([early.code, early.err]).toEqual([4, expect.stringContaining('Choose a password of your own first')]);
  const chosen = await weir(['users', 'passwd', '--password-stdin'], { input: `${made.password}\n${another}\n`, env });
  expect([chosen.code, chosen.err]).toEqual([0, expect.any(String)]);
  const [tickets, users] = await Promise.all([weir(['tickets', 'list'], { env }), weir(['users', 'list'], { env })]);
  expect([tickets.code, users.code, users.err]).toEqual([0, 4, expect.stringContaining('needs the role admin')]);
});

test('users are changed, locked out and removed', async () => {
  expect(json((await weir(['users', 'role', 'bob', 'viewer', '--json'])).out)).toMatchObject({ role: 'viewer' });
  const env = { XDG_CONFIG_HOME: join(folder, 'bob') };
  expect(await weir(['tickets', 'list'], { env })).toMatchObject({ code: 4 });
  const [disabled, ...others] = await Promise.all(['disable', 'unlock', 'logout', 'show'].map((word) => weir(['users', word, 'bob'])));
  expect([disabled?.code, ...others.map(({ code }) => code)]).toEqual([0, 0, 0, 0]);
  expect(await weir(['users', 'enable', 'bob'])).toMatchObject({ code: 0 });
  expect(await weir(['users', 'rm', 'bob'])).toMatchObject({ code: 0 });
  const [gone, last] = await Promise.all([weir(['users', 'rm', 'bob']), weir(['users', 'rm', 'ann'])]);
  expect([gone.code, last.code, last.err]).toEqual([3, 6, expect.stringContaining('last administrator')]);
});

test('tokens of programs are made, used, rotated and ended', async () => {
  expect(await weir(['users', 'add', 'robot', '--role', 'operator', '--service'])).toMatchObject({ code: 0 });
  const wish = ['token', 'add', 'nightly', '--user', 'robot', '--role', 'viewer', '--days', '1', '--json'];
  const made = json((await weir(wish)).out) as Record<string, string>;
  const env = { WEIR_TOKEN: String(made.token) };
  const [read, written] = await Promise.all([weir(['tickets', 'list'], { env }), weir(['tickets', 'create', 'Switch is down'], { env })]);
  expect([read.code, written.code]).toEqual([0, 4]);
  const next = await weir(['token', 'rotate', String(made.id)]);
  expect([next.code, next.out]).toEqual([0, expect.stringMatching(/^weir_pat_[\w-]{43}\n$/)]);
  const [ended, listed] = await Promise.all([weir(['tickets', 'list'], { env }), weir(['token', 'list', '--user', 'robot', '--json'])]);
  expect([ended.code, ended.err]).toEqual([4, expect.stringContaining('not valid, or no longer')]);
  const [left] = json(listed.out) as { id: string }[];
  expect(await weir(['token', 'rm', String(left?.id)])).toMatchObject({ code: 0 });
  expect((await weir(['token', 'list', '--user', 'robot', '--json'])).out).toBe('[]\n');
  expect(await weir(['token', 'rotate-keys'])).toMatchObject({ code: 0 });
  expect(await weir(['users', 'list'])).toMatchObject({ code: 0 });
});

test('the audit log tells it all', async () => {
  const [lines, failed, checked, held] = await Promise.all([
    weir(['audit', '--actor', 'ann', '--json']),
    weir(['audit', '--outcome', 'failed']),
    weir(['audit', '--check']),
    weir(['users', 'list', '--data', data]),
  ]);
  const actions = (json(lines.out) as { action: string }[]).map(({ action }) => action);
  expect(actions).toEqual(expect.arrayContaining(['login', 'logout', 'users.add', 'users.change', 'tokens.rotate', 'signing-keys.rotate']));
  expect([failed.out, checked.code, held.code]).toEqual([expect.stringContaining('login'), 0, 6]);
});

test('the same commands work on the directory when the server is gone', async () => {
  await server.stop();
  expect(server.told.out.split('\n')).toEqual([expect.stringContaining(`listening on ${url}`), '']);
  expect((await weir(['users', 'list', '--data', data])).out).toContain('robot');
  const change = ['users', 'passwd', 'ann', '--password-stdin', '--data', data];
  expect(await weir(change, { input: `${another}\n` })).toMatchObject({ code: 0 });
  // The settings in force are those that the server reads.
  const settings = join(folder, 'weir.json');
  writeFileSync(settings, '{"server": {"listen": "[::1]:1"}, "access": {"passwords": {"least": 50}}}');
  const short = await weir(change, { input: `${another}\n`, env: { WEIR_CONFIG: settings } });
  expect([short.code, short.err]).toEqual([2, expect.stringContaining('50')]);
  expect(await weir(['token', 'rotate-keys', '--at-once', '--data', data])).toMatchObject({ code: 0 });
  expect((await weir(['audit', '--data', data, '-n', '1', '--json'])).out).toContain('signing-keys.rotate');
  expect(await weir(['audit', '--check', '--data', data])).toMatchObject({ code: 0 });
});
