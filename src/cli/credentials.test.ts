import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Client } from './client.ts';
import { type Login, LoginFile } from './login-file.ts';
import { parseServer, serverKey } from './server-address.ts';

/** A server that gives tokens `token-1`, `token-2` ... for a password, and takes the latest only. */
class Doorkeeper {
  readonly asked: string[] = [];
  issued = 0;
  /** Whether a login gets a token that is any good. */
  isKind = true;
  readonly server = http.createServer((request, response) => {
    const { method, url, headers } = request;
    this.asked.push(`${method} ${url} ${headers.authorization ?? '-'}`);
    let body = '';
    request.on('data', (piece) => {
      body += piece;
    });
    request.on('end', () => {
      const { status, text } = this.#answer(url ?? '', headers.authorization, body);
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    });
  });

  #answer(url: string, authorization: string | undefined, body: string): { status: number; text: string } {
    const isRight = authorization === `Bearer token-${this.issued}` && this.isKind;
    const mayHave = url === '/api/v3/token' ? body.includes('right') : url === '/api/v3/token/renew' && isRight;
    if (mayHave) return { status: 200, text: JSON.stringify({ access_token: `token-${++this.issued}`, expires_in: 14_400 }) };
    return isRight ? { status: 200, text: '{}' } : { status: 401, text: '{"code":"unauthenticated","title":"No.","hint":"weir login"}' };
  }
}

let folder: string;
let keeper: Doorkeeper;
let url: string;
let file: LoginFile;
const clients: Client[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-login-'));
  vi.stubEnv('XDG_CONFIG_HOME', folder);
  vi.stubEnv('WEIR_TOKEN', '');
  keeper = new Doorkeeper();
  await new Promise<void>((resolve) => keeper.server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(keeper.server.address() as AddressInfo).port}`;
  file = new LoginFile(serverKey(parseServer(url)));
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  keeper.server.closeAllConnections();
  keeper.server.close();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const open = (): Client => {
  const client = new Client(url);
  clients.push(client);
  return client;
};
const hour = 3_600_000;
const keep = (parts: Partial<Login> = {}): void =>
  file.write({ server: file.server, user: 'ann', token: 'token-0', renewAt: Date.now() + hour, endsAt: Date.now() + 2 * hour, ...parts });
const passwordFile = (text: string): string => {
  const path = join(folder, 'password');
  writeFileSync(path, `${text}\n`);
  return path;
};

describe('the login of this machine', () => {
  test('is kept for its server alone, where its owner alone may read it', () => {
    keep();
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    expect(statSync(join(file.path, '..')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(folder, 'weir', 'logins'))).toHaveLength(1);
    expect(new LoginFile(serverKey(parseServer('http://127.0.0.1:1'))).read()).toBeUndefined();
    expect(serverKey(parseServer('LOCALHOST:80'))).toBe(serverKey(parseServer('http://localhost/')));
    expect(file.remove()).toBe(true);
    expect(file.remove()).toBe(false);
  });

  test('is refused when others may read it', async () => {
    keep();
    chmodSync(file.path, 0o644);
    await expect(open().json({ path: '/' })).rejects.toThrow('Others may read');
  });

  test('is shown at the door, and WEIR_TOKEN before it', async () => {
    keep();
    await open().json({ path: '/' });
    vi.stubEnv('WEIR_TOKEN', 'mine');
    await expect(open().json({ path: '/' })).rejects.toMatchObject({ code: 'unauthenticated', hint: 'weir login' });
    expect(keeper.asked).toEqual(['GET / Bearer token-0', 'GET / Bearer mine']);
  });

  test('that has ended is not shown', async () => {
    keep({ renewAt: 0, endsAt: Date.now() - 1 });
    await expect(open().json({ path: '/' })).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(keeper.asked).toEqual(['GET / -']);
  });
});

describe('renewal', () => {
  test('comes before the end, once for many requests, and is kept for the next command', async () => {
    keep({ renewAt: Date.now() - 1 });
    const client = open();
    await Promise.all([client.json({ path: '/a' }), client.json({ path: '/b' }), client.json({ path: '/c' })]);
    expect(keeper.asked.filter((line) => line.includes('renew'))).toEqual(['POST /api/v3/token/renew Bearer token-0']);
    expect(keeper.asked.filter((line) => line.endsWith('token-1'))).toHaveLength(3);
    expect(JSON.parse(readFileSync(file.path, 'utf8'))).toMatchObject({ user: 'ann', token: 'token-1' });
    expect(file.read()?.renewAt).toBeGreaterThan(Date.now() + 3 * hour);
  });
});

describe('a 401', () => {
  test('makes the client log in again and repeat the request, where it knows a password file', async () => {
    keep({ token: 'stale', passwordFile: passwordFile('right') });
    await open().json({ method: 'POST', path: '/work', body: 'twice' });
    expect(keeper.asked).toEqual(['POST /work Bearer stale', 'POST /api/v3/token -', 'POST /work Bearer token-1']);
  });

  test('is the end of it the second time', async () => {
    keep({ token: 'stale', passwordFile: passwordFile('right') });
    keeper.isKind = false;
    await expect(open().json({ path: '/work' })).rejects.toMatchObject({ code: 'unauthenticated', hint: 'weir login' });
    expect(keeper.asked).toEqual(['GET /work Bearer stale', 'POST /api/v3/token -', 'GET /work Bearer token-1']);
  });

  test('is the end of it where nobody knows the password, or it is wrong', async () => {
    keep({ token: 'stale' });
    await expect(open().json({ path: '/work' })).rejects.toMatchObject({ code: 'unauthenticated' });
    keep({ token: 'stale', passwordFile: passwordFile('wrong') });
    await expect(open().json({ path: '/work' })).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(keeper.asked).toEqual(['GET /work Bearer stale', 'GET /work Bearer stale', 'POST /api/v3/token -']);
  });

  test('takes what another command has got meanwhile', async () => {
    keep({ token: 'stale' });
    const client = open();
    await client.token();
    keep({ token: 'token-0' });
    await client.json({ path: '/work' });
    expect(keeper.asked).toEqual(['GET /work Bearer stale', 'GET /work Bearer token-0']);
  });

  test('cannot repeat what came as a stream, and says so', async () => {
    keep({ token: 'stale', passwordFile: passwordFile('right') });
    const body = (async function* () {
      yield Buffer.from('once');
    })();
    const request = { method: 'POST', path: '/work', body };
    await expect(open().json(request)).rejects.toMatchObject({
      message: expect.stringContaining('cannot be sent twice'),
      hint: 'repeat the command',
    });
  });
});
