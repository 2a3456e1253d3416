import { spawn } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/core/config.ts';
import { createLog } from '../../src/core/log.ts';
import { roomsOf, settings } from '../../src/server/rooms.ts';
import { Server } from '../../src/server/server.ts';
import { fingerprintOf, issue, makeAuthority, type Pair, read } from '../../src/server/tls/certificates.fixture.ts';
import { openSelfSigned } from '../../src/server/tls/self-signed.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;
const closers: (() => unknown)[] = [];
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-house-'));
});
afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

/** The whole server in this process. */
async function open(name: string, ...assignments: string[]) {
  const logged: string[] = [];
  const log = createLog({ level: 'info', isPretty: false, stream: { write: (line) => void logged.push(line) } });
  const cheap = ['access.passwords.memory=19MiB', 'access.passwords.passes=1'];
  const config = loadConfig(settings, { assignments: ['server.listen=127.0.0.1:0', ...cheap, ...assignments] });
  const data = join(folder, name);
  const server = new Server(config.server, { log, data, rooms: roomsOf(config) });
  const url = await server.start();
  closers.push(() => server.stop());
  const keysUrl = /etcd v2 on (\S+?)"/.exec(logged.join(''))?.[1] ?? '';
  return { url, keysUrl, cert: join(data, 'tls', 'certificate.pem'), fingerprint: server.tls?.facts.fingerprint ?? '' };
}

type Answer = { status: number; text: string; etag: string };

const ask = (
  url: string,
  { method = 'GET', json, headers = {}, pair }: { method?: string; json?: unknown; headers?: OutgoingHttpHeaders; pair?: Pair } = {},
) =>
  new Promise<Answer>((resolve, reject) => {
    const credentials = pair === undefined ? {} : { cert: read(pair.cert), key: read(pair.key) };
    const options = { method, rejectUnauthorized: false, agent: false, ...credentials };
    const request = https.request(url, {
      ...options,
      headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
    });
    request.on('error', reject).on('response', async (answer) => {
      let text = '';
      for await (const block of answer) text += String(block);
      resolve({ status: answer.statusCode ?? 0, text, etag: String(answer.headers.etag ?? '') });
    });
    request.end(json === undefined ? undefined : JSON.stringify(json));
  });

/** Runs a command to its end. */
const weir = (...words: string[]) =>
  new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, NO_COLOR: '1', WEIR_PIN: '' };
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...words], { env });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (block) => {
      stdout += String(block);
    });
    child.stderr.on('data', (block) => {
      stderr += String(block);
    });
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });

describe('our own client', () => {
  let house: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    house = await open('client', 'server.tls.mode=self-signed');
  });

  test('trusts no certificate that vouches for itself, and says what to do', async () => {
    const { code, stdout, stderr } = await weir('get', '/readyz', '--server', house.url);
    expect([code, stdout]).toEqual([4, '']);
    expect(stderr).toMatch(/is not of an authority that is trusted here/);
    expect(stderr).toMatch(/hint: .*--pin.*weir tls fingerprint.*--cacert/);
  });

  test('trusts the fingerprint that the server tells, in every command', async () => {
    const data = join(folder, 'client');
    const told = await weir('tls', 'fingerprint', '--tls', 'self-signed', '--data', data);
    expect(told.stdout).toBe(`${house.fingerprint}\n`);
    const ofKey = (await weir('tls', 'fingerprint', '--tls', 'self-signed', '--data', data, '--public-key')).stdout.trim();
    const pins = [told.stdout.trim(), told.stdout.trim().replaceAll(':', '').toLowerCase(), ofKey];
    for (const pin of pins) expect((await weir('get', '/readyz', '--server', house.url, '--pin', pin)).code).toBe(0);
    for (const words of [
      ['flows', 'list'],
      ['keys', 'ls'],
      ['tickets', 'list'],
    ]) {
      expect(await weir(...words, '--server', house.url, '--pin', ofKey)).toMatchObject({ code: 0 });
    }
  });

  test('trusts a file of authorities', async () => {
    expect((await weir('get', '/readyz', '--server', house.url, '--cacert', house.cert)).code).toBe(0);
    expect((await weir('get', '/readyz', '--server', house.url, '--cacert', join(folder, 'none'))).stderr).toMatch(/cannot be read/);
    expect((await weir('get', '/readyz', '--server', house.url, '--cacert', main)).stderr).toMatch(/holds no certificate/);
  });

  test('trusts anybody when told so, with a warning', async () => {
    const { code, stderr } = await weir('get', '/readyz', '--server', house.url, '--insecure');
    expect([code, stderr]).toEqual([0, expect.stringMatching(/--insecure: whoever answers/)]);
  });

  test('sends nothing to a server with another fingerprint', async () => {
    const { code, stderr } = await weir('get', '/readyz', '--server', house.url, '--pin', '0'.repeat(64));
    expect([code, stderr]).toEqual([4, expect.stringMatching(/is not the server of that --pin[\s\S]*the server showed [0-9A-F:]{95}/)]);
    expect((await weir('get', '/', '--server', 'http://weir.example', '--pin', '0'.repeat(64))).stderr).toMatch(/is plain HTTP/);
    expect((await weir('get', '/', '--pin', 'abc')).stderr).toMatch(/is no SHA-256 fingerprint/);
  });

  test('names what is wrong with other names, old certificates and plain servers', async () => {
    const authority = makeAuthority(folder, 'client-authority');
    const other = issue(folder, authority, 'other-name', ['weir.example']);
    const named = await open('other', 'server.tls.mode=files', `server.tls.cert=${other.cert}`, `server.tls.key=${other.key}`);
    expect((await weir('get', '/', '--server', named.url, '--cacert', authority.cert)).stderr).toMatch(/is for other names/);
    const past = await openSelfSigned(join(folder, 'past'), { names: [], now: Date.now() - 500 * 86_400_000 });
    const pair = { cert: join(folder, 'past.pem'), key: join(folder, 'past.key') };
    writeFileSync(pair.cert, past.cert);
    writeFileSync(pair.key, past.key);
    const old = await open('old', 'server.tls.mode=files', `server.tls.cert=${pair.cert}`, `server.tls.key=${pair.key}`);
    expect((await weir('get', '/', '--server', old.url, '--cacert', pair.cert)).stderr).toMatch(/has expired/);
    const plain = await open('plain');
    expect((await weir('get', '/', '--server', plain.url.replace('http:', 'https:'))).stderr).toMatch(/does not speak HTTPS/);
  });

  test('shows the certificate', async () => {
    const where = ['--tls', 'self-signed', '--data', join(folder, 'client')];
    const { stdout } = await weir('tls', 'show', '--json', ...where);
    expect(JSON.parse(stdout)).toMatchObject({
      mode: 'self-signed',
      fingerprint: house.fingerprint,
      state: expect.stringMatching(/^valid for 39\d more days$/),
    });
    expect((await weir('tls', 'show', '--pem', ...where)).stdout).toBe(read(house.cert));
    expect((await weir('tls', 'show')).stderr).toMatch(/server\.tls\.mode is off/);
  });
});

describe('certificates of clients', () => {
  test('stand for the users who have them, over HTTP/1.1, HTTP/2 and the keys', async () => {
    const authority = makeAuthority(folder, 'clients');
    const [robot, nobody] = [issue(folder, authority, 'robot'), issue(folder, authority, 'nobody')];
    const foreign = issue(folder, makeAuthority(folder, 'foreign'), 'foreign-robot');
    const { url, keysUrl } = await open(
      'clients-data',
      'server.tls.mode=self-signed',
      `server.tls.clientAuthority=${authority.cert}`,
      'keys.listen=127.0.0.1:0',
    );
    const users = `${url}/api/v1/users`;
    const added = await ask(users, { method: 'POST', json: { name: 'root', role: 'admin', password: 'a long enough passphrase' } });
    expect(added.status).toBe(201);
    // From here on a login is needed.
    const login = await ask(`${url}/api/v3/token`, { method: 'POST', json: { username: 'root', password: 'a long enough passphrase' } });
    const headers = { authorization: `Bearer ${JSON.parse(login.text).access_token}` };
    expect((await ask(users, { method: 'POST', headers, json: { name: 'robot', role: 'operator' } })).status).toBe(201);
    const { etag } = await ask(`${users}/robot`, { headers });
    const certificates = [fingerprintOf(robot.cert), fingerprintOf(foreign.cert)];
    const patched = await ask(`${users}/robot`, { method: 'PATCH', headers: { ...headers, 'if-match': etag }, json: { certificates } });
    expect([patched.status, patched.text]).toEqual([200, expect.stringContaining(certificates[0] as string)]);

    const flows = `${url}/api/v1/flows`;
    const statuses = async (address: string) =>
      Promise.all([undefined, nobody, foreign, robot].map(async (pair) => (await ask(address, pair && { pair })).status));
    expect(await statuses(flows)).toEqual([401, 401, 401, 200]);
    expect((await ask(users, { pair: robot })).status).toBe(403);
    expect(await statuses(`${keysUrl}/v2/keys/`)).toEqual([401, 401, 401, 200]);
    expect(await overHttp2(url, robot, '/api/v1/flows')).toBe(200);
    expect(await overHttp2(url, nobody, '/api/v1/flows')).toBe(401);
  });

  const overHttp2 = (url: string, pair: Pair, path: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const client = connectHttp2(url, { rejectUnauthorized: false, cert: read(pair.cert), key: read(pair.key) });
      client.on('error', reject);
      const stream = client.request({ ':path': path });
      stream.on('error', reject).on('response', (headers) => {
        resolve(headers[':status']);
        client.destroy();
      });
    });
});

describe('rooms over HTTP/2', () => {
  test('watches, streams of flows and the progress of imports', async () => {
    const { url } = await open('rooms', 'server.tls.mode=self-signed');
    const client = connectHttp2(url, { rejectUnauthorized: false });
    closers.push(() => client.destroy());
    const send = (headers: OutgoingHttpHeaders, body?: string) =>
      new Promise<string>((resolve, reject) => {
        const stream = client.request(headers, { endStream: body === undefined });
        let text = '';
        stream.setEncoding('utf8').on('data', (block) => {
          text += block;
        });
        stream.on('end', () => resolve(text)).on('error', reject);
        if (body !== undefined) stream.end(body);
      });
    const watch = client.request({ ':path': '/v2/keys/a?wait=true&stream=true&recursive=true' });
    await new Promise((resolve) => watch.once('response', resolve));
    const event = new Promise<string>((resolve) => watch.setEncoding('utf8').once('data', resolve));
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    await send({ ':path': '/v2/keys/a/b', ':method': 'PUT', ...form }, 'value=1');
    expect(JSON.parse(await event)).toMatchObject({ action: 'set', node: { key: '/a/b', value: '1' } });
    watch.close(8);

    const rows = Array.from({ length: 5000 }, (_, i) => ({
      start: '2026-01-01T00:00:00Z',
      end: '2026-01-01T00:00:01Z',
      src_addr: '192.0.2.1',
      dst_addr: '192.0.2.2',
      src_port: i,
      dst_port: 53,
      protocol: 17,
      src_packets: 1,
      src_bytes: 60,
    }));
    const file = rows.map((row) => JSON.stringify(row)).join('\n');
    const record = JSON.parse(await send({ ':path': '/api/v1/imports', ':method': 'POST', 'content-type': 'application/x-ndjson' }, file));
    expect(record).toMatchObject({ id: expect.any(Number) });
    const events = await send({ ':path': `/api/v1/imports/${record.id}/events` });
    expect(events).toMatch(/event: (done|failed)\ndata: /);
    const shown = JSON.parse(await send({ ':path': `/api/v1/imports/${record.id}` }));
    const flows = JSON.parse(await send({ ':path': '/api/v1/stream/flows', accept: 'application/json' }));
    expect(flows).toHaveLength(shown.flows);
  });
});

describe('etcd v2 on its own address', () => {
  test('speaks HTTPS as the server does, or not at all', async () => {
    const secure = await open('keys-tls', 'server.tls.mode=self-signed', 'keys.listen=127.0.0.1:0');
    expect(secure.keysUrl).toMatch(/^https:/);
    expect((await ask(`${secure.keysUrl}/v2/keys/x?value=1`, { method: 'PUT' })).status).toBe(201);
    expect(JSON.parse((await ask(`${secure.keysUrl}/v2/keys/x`)).text).node.value).toBe('1');
    const members = JSON.parse((await ask(`${secure.keysUrl}/v2/members`)).text);
    expect(JSON.stringify(members)).toContain('https://');
    const plain = await open('keys-plain', 'server.tls.mode=self-signed', 'keys.listen=127.0.0.1:0', 'keys.tls=off');
    expect(plain.keysUrl).toMatch(/^http:/);
    expect((await fetch(`${plain.keysUrl}/version`)).status).toBe(200);
  });
});

describe('weir serve', () => {
  test('prints the fingerprint beside its address, and reads the files again on SIGHUP', async () => {
    const authority = makeAuthority(folder, 'serve-authority');
    const [first, second] = [
      issue(folder, authority, 'serve-first', ['127.0.0.1']),
      issue(folder, authority, 'serve-second', ['127.0.0.1']),
    ];
    const words = [
      'serve',
      '--data',
      join(folder, 'serve'),
      '--listen',
      '127.0.0.1:0',
      '--tls',
      'files',
      '--tls-cert',
      first.cert,
      '--tls-key',
      first.key,
    ];
    const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder };
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...words], { env });
    closers.push(() => child.kill('SIGKILL'));
    let stdout = '';
    child.stdout.on('data', (block) => {
      stdout += String(block);
    });
    await expect.poll(() => stdout).toMatch(/certificate/);
    const port = Number(/listening on https:\/\/127\.0\.0\.1:(\d+),/.exec(stdout)?.[1]);
    expect(/certificate SHA-256 ([0-9A-F:]+), valid until/.exec(stdout)?.[1]?.replaceAll(':', '').toLowerCase()).toBe(
      fingerprintOf(first.cert),
    );
    for (const part of ['cert', 'key'] as const) renameSync(second[part], first[part]);
    child.kill('SIGHUP');
    const subject = () =>
      new Promise((resolve) => {
        const socket = connectTls({ port, host: '127.0.0.1', ca: read(authority.cert) }, () => {
          resolve(socket.getPeerX509Certificate()?.subject);
          socket.destroy();
        }).on('error', (error) => resolve(error.message));
      });
    await expect.poll(subject).toBe('CN=serve-second');
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});
