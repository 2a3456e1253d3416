import { execFile } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import https from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { manualClock } from '../../core/clock.ts';
import { issue, makeAuthority, type Pair, probe, read } from './certificates.fixture.ts';
import { type House, type HouseOptions, openHouse } from './house.fixture.ts';
import { openSelfSigned, selfSignedFiles } from './self-signed.ts';

const run = promisify(execFile);
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(options: HouseOptions = {}): Promise<House> {
  const house = await openHouse(options);
  closers.push(house.stop);
  return house;
}

const certificateOf = ({ folder }: House): string => selfSignedFiles(join(folder, 'data')).cert;

/** One request over HTTP/1.1. */
const ask = (
  url: string,
  options: https.RequestOptions = {},
): Promise<{ status: number; headers: IncomingMessage['headers']; text: string }> =>
  new Promise((resolve, reject) => {
    const { request } = url.startsWith('https:') ? https : http;
    request(url, { rejectUnauthorized: false, ...options }, async (answer) => {
      let text = '';
      for await (const block of answer) text += String(block);
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
    })
      .on('error', reject)
      .end();
  });

function session(house: House): ClientHttp2Session {
  const opened = connectHttp2(house.url, { rejectUnauthorized: false });
  opened.on('error', () => {});
  closers.push(() => opened.destroy());
  return opened;
}

/** One request over HTTP/2. */
const ask2 = (
  client: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string,
  begun?: () => void,
): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> =>
  new Promise((resolve, reject) => {
    const stream = client.request(headers, { endStream: body === undefined });
    let text = '';
    let head: IncomingHttpHeaders & { ':status'?: number | undefined } = {};
    stream.on('response', (got) => {
      head = got;
      begun?.();
    });
    stream.setEncoding('utf8').on('data', (block) => {
      text += block;
    });
    stream.on('end', () => resolve({ status: head[':status'] ?? 0, headers: head, text })).on('error', reject);
    if (body !== undefined) stream.end(body);
  });

/** A frame of HTTP/2 on stream 1 (RFC 9113 section 4.1). */
function frame(type: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, 1]);
  return Buffer.concat([head, payload]);
}

describe('level 2: a certificate of our own', () => {
  test('TLS 1.2 and 1.3 only, with forward secrecy and authenticated encryption only', async () => {
    const { port } = await open();
    const versions = await Promise.all(['-tls1', '-tls1_1', '-tls1_2', '-tls1_3'].map((version) => probe(port, version)));
    expect(versions).toEqual([undefined, undefined, 'ECDHE-ECDSA-AES128-GCM-SHA256', 'TLS_AES_128_GCM_SHA256']);
    const weak = ['AES256-SHA', 'ECDHE-ECDSA-AES256-SHA', 'ECDHE-ECDSA-AES128-SHA256', 'NULL:@SECLEVEL=0', 'aNULL:@SECLEVEL=0', 'DHE:kRSA'];
    expect(await Promise.all(weak.map((cipher) => probe(port, '-tls1_2', '-cipher', cipher)))).toEqual(weak.map(() => undefined));
  });

  test('TLS 1.3 alone when asked for', async () => {
    const { port } = await open({ tls: { minVersion: '1.3' as never } });
    expect(await Promise.all([probe(port, '-tls1_2'), probe(port, '-tls1_3')])).toEqual([undefined, 'TLS_AES_128_GCM_SHA256']);
  });

  test('curl speaks HTTP/2 and HTTP/1.1, by name and by address', async () => {
    const house = await open();
    const curl = async (host: string, ...words: string[]) =>
      (
        await run('curl', [
          '-sS',
          '--cacert',
          certificateOf(house),
          '-o',
          '/dev/null',
          '-w',
          '%{http_version} %{http_code}',
          ...words,
          `https://${host}:${house.port}/`,
        ])
      ).stdout;
    expect([await curl('localhost', '--http2'), await curl('127.0.0.1', '--http1.1')]).toEqual(['2 200', '1.1 200']);
  });

  test("Python's requests trusts the file, by name and by address", async () => {
    const house = await open();
    const program = `
import requests
for host in ("localhost", "127.0.0.1"):
    print(requests.get("https://%s:${house.port}/" % host, verify="${certificateOf(house)}").status_code)
try:
    requests.get("https://localhost:${house.port}/")
except requests.exceptions.SSLError:
    print("refused")
`;
    expect((await run('python3', ['-c', program])).stdout).toBe('200\n200\nrefused\n');
  });

  test('HTTP/1.1 alone when HTTP/2 is off', async () => {
    const { port } = await open({ tls: { http2: false } });
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'] });
    closers.push(() => socket.destroy());
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    expect(socket.alpnProtocol).toBe('http/1.1');
  });

  test('renews its own certificate before anybody has to be warned, with the same key', async () => {
    const clock = manualClock(Date.now());
    const house = await open({ clock });
    const { server, url, logged } = house;
    const first = server.tls?.facts;
    clock.advance(370 * 86_400_000);
    await server.reload();
    expect(server.tls?.facts.fingerprint).not.toBe(first?.fingerprint);
    expect(server.tls?.facts.publicKey).toBe(first?.publicKey);
    expect(JSON.parse((await ask(`${url}/readyz`)).text).warnings).toBe(undefined);
    expect(logged.join('')).toMatch(/new certificate, valid until/);
  });

  test('no HSTS, which belongs to level 3', async () => {
    const { url } = await open();
    expect((await ask(url)).headers['strict-transport-security']).toBe(undefined);
    await expect(open({ tls: { hsts: 1000 } })).rejects.toMatchObject({ pointer: 'server.tls.hsts' });
  });
});

describe('level 3: files', () => {
  let [folder, authority, first]: [string, Pair, Pair] = ['', { cert: '', key: '' }, { cert: '', key: '' }];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'weir-files-'));
    closers.push(() => rmSync(folder, { recursive: true, force: true }));
    authority = makeAuthority(folder);
    first = issue(folder, authority, 'first', ['localhost', '127.0.0.1']);
  });
  const files = ({ cert, key }: Pair) => ({ mode: 'files' as never, cert, key });
  const shown = (port: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connectTls({ port, host: '127.0.0.1', ca: read(authority.cert) }, () => {
        resolve(socket.getPeerX509Certificate()?.subject ?? '');
        socket.destroy();
      }).on('error', reject);
    });
  /** Puts other files in place as certbot does: each by rename. */
  const replace = (by: Partial<Pair>) => {
    for (const part of ['cert', 'key'] as const) {
      const file = by[part];
      if (file === undefined) continue;
      writeFileSync(`${first[part]}.new`, read(file));
      renameSync(`${first[part]}.new`, first[part]);
    }
  };

  test('HSTS when asked for, and for this host only', async () => {
    const { url } = await open({ tls: { ...files(first), hsts: 86_400_000 } });
    expect((await ask(url)).headers['strict-transport-security']).toBe('max-age=86400');
  });

  test('files that change are taken without a restart, and connections go on', async () => {
    const house = await open({ tls: files(first) });
    const agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false, maxSockets: 1 });
    closers.push(() => agent.destroy());
    const answer = ask(`${house.url}/slow`, { agent });
    expect(await shown(house.port)).toBe('CN=first');
    replace(issue(folder, authority, 'second', ['localhost', '127.0.0.1']));
    await expect.poll(() => shown(house.port)).toBe('CN=second');
    expect((await answer)?.text).toMatch(/row 5/);
    expect((await ask(house.url, { agent })).status).toBe(200);
    // All options were passed again: what is left out would fall back.
    expect(await Promise.all([probe(house.port, '-tls1_1'), probe(house.port, '-tls1_2', '-cipher', 'ECDHE-ECDSA-AES256-SHA')])).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('a key of another certificate is not taken: the old one stays, and there is an alarm', async () => {
    const house = await open({ tls: files(first) });
    const other = issue(folder, authority, 'other', ['localhost', '127.0.0.1']);
    replace({ key: other.key });
    await expect.poll(() => house.server.tls?.warnings().length).toBe(1);
    expect(await shown(house.port)).toBe('CN=first');
    const ready = await ask(`${house.url}/readyz`);
    expect([ready.status, JSON.parse(ready.text).warnings[0]]).toEqual([200, expect.stringMatching(/does not belong to the certificate/)]);
    const metrics = (await ask(`${house.url}/metrics`)).text;
    expect(metrics).toMatch(/^weir_tls_alarms 1$/m);
    expect(metrics).toMatch(/^weir_tls_reloads_total\{outcome="failed"\} [1-9]/m);
    expect(house.logged.join('')).toMatch(/"level":"error".*the one before stays in use/);
    // The certificate that belongs to it arrives, and all is well.
    replace({ cert: other.cert });
    await expect.poll(() => shown(house.port)).toBe('CN=other');
    expect(house.server.tls?.warnings()).toEqual([]);
  });

  test('an expired certificate, an empty file, a missing file: not taken', async () => {
    const house = await open({ tls: files(first) });
    const past = await openSelfSigned(join(folder, 'past'), { names: [], now: Date.now() - 500 * 86_400_000 });
    writeFileSync(join(folder, 'past.pem'), past.cert);
    writeFileSync(join(folder, 'past.key'), past.key);
    const kept = { cert: read(first.cert), key: read(first.key) };
    replace({ cert: join(folder, 'past.pem'), key: join(folder, 'past.key') });
    await house.server.reload();
    expect(house.server.tls?.warnings()).toEqual([expect.stringMatching(/has expired/)]);
    writeFileSync(first.cert, '');
    await house.server.reload();
    expect(house.server.tls?.warnings()).toEqual([expect.stringMatching(/no certificate in PEM form/)]);
    rmSync(first.cert);
    await house.server.reload();
    expect(house.server.tls?.warnings()).toEqual([expect.stringMatching(/cannot be read/)]);
    expect(await shown(house.port)).toBe('CN=first');
    writeFileSync(first.cert, kept.cert);
    writeFileSync(first.key, kept.key);
    await house.server.reload();
    expect(house.server.tls?.warnings()).toEqual([]);
  });

  test('says when the certificate nears its end', async () => {
    const clock = manualClock(Date.now());
    const house = await open({ tls: files(first), clock });
    expect(house.server.tls?.warnings()).toEqual([]);
    clock.advance(10 * 86_400_000);
    await house.server.reload();
    expect(house.server.tls?.warnings()).toEqual([expect.stringMatching(/expires on/)]);
    expect(house.logged.join('')).toMatch(/"level":"warn".*the certificate expires on/);
  });

  test.each([
    ['a key of another', () => ({ ...files(first), key: authority.key }), /does not belong/],
    ['no key', () => ({ ...files(first), key: first.cert }), /cannot be used as a key/],
    ['no file', () => ({ ...files(first), cert: join(folder, 'none') }), /cannot be read/],
    ['nothing named', () => ({ mode: 'files' as never }), /are not named/],
  ])('does not start with %s', async (_what, tls, title) => {
    await expect(open({ tls: tls() })).rejects.toThrow(title);
  });
});

describe('plain HTTP beside it', () => {
  const start = async () => {
    const house = await open({ redirectFrom: '127.0.0.1:0' });
    const [, port] = /plain HTTP on http:\/\/127\.0\.0\.1:(\d+)/.exec(house.logged.join('')) ?? [];
    return { house, plain: `http://127.0.0.1:${port}` };
  };

  test('pages are led to HTTPS', async () => {
    const { house, plain } = await start();
    for (const path of ['/', '/docs', '/docs/static/x.css?a=1', '/ui/flows']) {
      const answer = await ask(`${plain}${path}`);
      expect([answer.status, answer.headers.location]).toEqual([308, `${house.url}${path}`]);
    }
    const byName = await ask(plain, { headers: { host: 'localhost:1' } });
    expect(byName.headers.location).toBe(`https://localhost:${house.port}/`);
    const foreign = await ask(plain, { headers: { host: 'evil.example' } });
    expect(foreign.headers.location).toBe(`${house.url}/`);
  });

  test.each([
    ['GET', '/api/v1/flows'],
    ['GET', '/v2/keys/a'],
    ['POST', '/'],
    ['POST', '/api/v3/token'],
    ['GET', '/docsx'],
    ['GET', '/../api'],
  ])('%s %s is refused, whatever it shows', async (method, path) => {
    const { plain } = await start();
    for (const headers of [{}, { authorization: 'Bearer weir_pat_right-or-wrong' }]) {
      const answer = await ask(`${plain}${path}`, { method, path, headers });
      expect([answer.status, answer.headers.location, JSON.parse(answer.text).code]).toEqual([403, undefined, 'denied']);
    }
  });

  test('makes no sense without TLS', async () => {
    await expect(open({ redirectFrom: '127.0.0.1:0', tls: { mode: 'off' as never } })).rejects.toMatchObject({
      pointer: 'server.redirectFrom',
    });
  });
});

describe('HTTP/2', () => {
  test('answers as HTTP/1.1 does: documents, problems, methods, names', async () => {
    const house = await open();
    const client = session(house);
    const root = await ask2(client, { ':path': '/' });
    expect([root.status, JSON.parse(root.text).name, root.headers['x-content-type-options']]).toEqual([200, 'weir', 'nosniff']);
    const missing = await ask2(client, { ':path': '/nothing' });
    expect([missing.status, missing.headers['content-type']]).toEqual([404, expect.stringMatching(/^application\/problem\+json/)]);
    const method = await ask2(client, { ':path': '/small', ':method': 'DELETE' });
    expect([method.status, method.headers.allow]).toEqual([405, 'OPTIONS, POST']);
    const posted = await ask2(client, { ':path': '/small', ':method': 'POST', 'content-type': 'application/json' }, '{"a":1}');
    expect(JSON.parse(posted.text)).toEqual({ got: { a: 1 } });
    const head = await ask2(client, { ':path': '/slow', ':method': 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
  });

  test('the name of the server counts, wherever it stands', async () => {
    const client = session(await open());
    expect((await ask2(client, { ':path': '/', ':authority': 'evil.example' })).status).toBe(403);
    const two = await ask2(client, { ':path': '/', ':authority': 'localhost', host: 'evil.example' });
    expect([two.status, JSON.parse(two.text).code]).toEqual([400, 'invalid']);
  });

  test('an answer that a room writes itself, headers of connections and all', async () => {
    const { text, headers } = await ask2(session(await open()), { ':path': '/raw' });
    expect([text.length, headers.connection, headers['transfer-encoding']]).toEqual([(1 << 20) + 1, undefined, undefined]);
  });

  test('an answer that breaks off is an error, never the end of it', async () => {
    const stream = session(await open()).request({ ':path': '/torn' });
    let text = '';
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => stream.once('error', resolve));
    expect([text, error.code]).toEqual(['half of it', 'ERR_HTTP2_STREAM_ERROR']);
  });

  test('an upload arrives whole', async () => {
    const house = await open();
    const answer = await ask2(
      session(house),
      { ':path': '/upload', ':method': 'POST', 'content-type': 'application/octet-stream' },
      'x'.repeat(3_000_000),
    );
    expect([JSON.parse(answer.text), house.uploads]).toEqual([{ octets: 3_000_000 }, ['3000000 octets']]);
  });

  // By frames of our own: Node's client ends a body before it resets the stream.
  test.each([
    ['with a reason', frame(3, 0, Buffer.from([0, 0, 0, 8]))],
    ['without a reason', frame(3, 0, Buffer.alloc(4))],
    ['with its connection', undefined],
  ])('an upload that breaks off %s is an error, never the end of it', async (_how, last) => {
    const house = await open();
    const socket = connectTls({ port: house.port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    closers.push(() => socket.destroy());
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    const literal = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
    // RFC 7541: indexed :method POST and :scheme https, literal :path, :authority and content-type.
    const parts = [Buffer.from([0x83, 0x87, 0x04]), literal('/upload'), Buffer.from([0x01]), literal('localhost')];
    const headers = Buffer.concat([...parts, Buffer.from([0x0f, 0x10]), literal('application/octet-stream')]);
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    socket.write(
      Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settings, frame(1, 4, headers), frame(0, 0, Buffer.from('half'))]),
    );
    await sleep(300);
    expect(house.uploads).toEqual([]);
    if (last === undefined) socket.destroy();
    else socket.write(last);
    await expect.poll(() => house.uploads).toHaveLength(1);
    expect(house.uploads[0]).toMatch(/broke the request off|Premature close/);
  });

  test('a body that stands still is ended, and so is an upload', async () => {
    const house = await open({ requestTimeout: 300 });
    const client = session(house);
    const slow = (path: string, type: string) =>
      new Promise<string>((resolve) => {
        const stream = client.request({ ':path': path, ':method': 'POST', 'content-type': type }, { endStream: false });
        let got = '';
        stream.on('response', (headers) => {
          got = String(headers[':status']);
        });
        stream
          .resume()
          .on('error', () => {})
          .on('close', () => resolve(got));
        stream.write('{');
      });
    expect(await slow('/small', 'application/json')).toBe('408');
    await slow('/upload', 'application/octet-stream');
    expect(house.uploads).toHaveLength(1);
    expect(house.uploads[0]).not.toMatch(/octets/);
  });

  test('a refused body is not taken to its end', async () => {
    const house = await open();
    const client = session(house);
    const stream = client.request(
      { ':path': '/small', ':method': 'POST', 'content-type': 'application/json', 'content-length': '99999999' },
      { endStream: false },
    );
    stream.on('error', () => {});
    const status = new Promise((resolve) => stream.on('response', (headers) => resolve(headers[':status'])));
    expect(await status).toBe(413);
    await new Promise((resolve) => stream.resume().on('close', resolve));
    expect((await ask2(client, { ':path': '/' })).status).toBe(200);
  });

  test('a client that goes ends its endless answer', async () => {
    const house = await open();
    const stream = session(house).request({ ':path': '/endless' });
    stream.on('error', () => {});
    await new Promise((resolve) => stream.once('data', resolve));
    stream.close(8);
    await expect.poll(() => house.uploads).toEqual(['endless ended']);
  });

  test('connections that ask for nothing are closed, pings or not', async () => {
    const house = await open({ headerTimeout: 500, keepAliveTimeout: 500 });
    const silent = session(house);
    const pings = setInterval(() => !silent.destroyed && silent.ping(() => {}), 100);
    closers.push(() => clearInterval(pings));
    await new Promise((resolve) => silent.on('close', resolve));
    const idle = session(house);
    expect((await ask2(idle, { ':path': '/healthz' })).status).toBe(200);
    await new Promise((resolve) => idle.on('close', resolve));
  });

  test('what is under way is finished when the server stops', async () => {
    const house = await open();
    const client = session(house);
    let answer: ReturnType<typeof ask2> | undefined;
    await new Promise<void>((begun) => {
      answer = ask2(client, { ':path': '/slow' }, undefined, begun);
    });
    const stopped = house.server.stop();
    expect((await answer)?.text).toMatch(/row 5\n$/);
    expect(await stopped).toBe(true);
  });

  test('large headers are refused', async () => {
    const client = session(await open());
    const { status, text } = await ask2(client, { ':path': '/', 'x-large': 'x'.repeat(20_000) });
    expect([status, JSON.parse(text).code]).toEqual([431, 'too-large']);
  });
});

describe('connections', () => {
  test.each([
    ['plain', 'off'],
    ['TLS', 'self-signed'],
  ])('a hundred requests use one connection (%s)', async (_name, mode) => {
    const { url } = await open({ tls: { mode: mode as never } });
    const { Agent } = url.startsWith('https:') ? https : http;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    closers.push(() => agent.destroy());
    const ports = new Set<number | undefined>();
    agent.on('free', (socket: Socket) => ports.add(socket.localPort));
    for (let i = 0; i < 100; i += 1) expect((await ask(`${url}/healthz`, { agent })).status).toBe(200);
    expect(ports.size).toBe(1);
  });

  test("a hundred requests of Python's session use one connection", async () => {
    const house = await open();
    const program = `
import requests, urllib3
session = requests.Session()
verify = "${certificateOf(house)}"
for _ in range(100):
    session.get("${house.url}/healthz", verify=verify).raise_for_status()
print(session.get_adapter("https://").poolmanager.pools._container.popitem()[1].num_connections)
`;
    expect((await run('python3', ['-c', program])).stdout.trim()).toBe('1');
  });

  test('a handshake that never ends is ended', async () => {
    const { port } = await open({ headerTimeout: 300 });
    const socket = connectTcp(port, '127.0.0.1');
    await new Promise((resolve) => socket.on('close', resolve).on('error', () => {}));
  });

  test('headers that never end get 408 with a problem, over TLS too', async () => {
    const { port } = await open({ headerTimeout: 300 });
    const socket: TLSSocket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () =>
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: '),
    );
    let got = '';
    socket.on('data', (block) => {
      got += String(block);
    });
    await new Promise((resolve) => socket.on('close', resolve).on('error', () => {}));
    expect(got).toMatch(/^HTTP\/1\.1 408 .*application\/problem\+json.*"code":"timeout"/s);
  });

  const own =
    Object.values(networkInterfaces())
      .flat()
      .find((entry) => entry?.family === 'IPv4' && !entry.internal)?.address ?? '';
  test.skipIf(own === '')('one address has so many at once, and this machine any number', async () => {
    const { port, url } = await open({
      listen: '0.0.0.0:0',
      insecureListen: true,
      maxConnectionsPerAddress: 5,
      tls: { mode: 'off' as never },
    });
    const hold = (host: string) =>
      new Promise<boolean>((resolve) => {
        const socket = connectTcp(port, host, () => socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'));
        closers.push(() => socket.destroy());
        socket
          .once('data', () => resolve(true))
          .once('close', () => resolve(false))
          .on('error', () => {});
      });
    const held = await Promise.all(Array.from({ length: 8 }, () => hold(own)));
    expect(held.filter(Boolean)).toHaveLength(5);
    expect(await Promise.all(Array.from({ length: 8 }, () => hold('127.0.0.1')))).not.toContain(false);
    const metrics = (await ask(`${url.replace('0.0.0.0', '127.0.0.1')}/metrics`)).text;
    expect(metrics).toMatch(/^weir_http_connections_refused_total\{reason="address"\} 3$/m);
  });
});
