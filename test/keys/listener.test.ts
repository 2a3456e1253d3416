/** The listener of the keys on real sockets: connections, slow watchers, its end, and who may come in. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from 'typebox';
import { afterEach, expect, test } from 'vitest';
import { type Stay, Stays } from '../../src/access/stays.ts';
import { systemClock } from '../../src/core/clock.ts';
import { loadConfig } from '../../src/core/config.ts';
import { createLog } from '../../src/core/log.ts';
import { createKeys, type Keys, type KeysDoor, keysSettings, MemoryEngine } from '../../src/keys/index.ts';
import { serverSettings } from '../../src/server/config.ts';
import { until } from './operations.ts';
import { RawClient, rawForm, rawRequest } from './raw-client.ts';
import { freePort } from './v2-servers.ts';

let keys: Keys | undefined;
afterEach(async () => await keys?.stop());

async function start({ assignments = [], door = {} }: { assignments?: string[]; door?: Partial<KeysDoor> } = {}): Promise<number> {
  const port = await freePort();
  const settings = Type.Object({ keys: keysSettings, server: serverSettings });
  const config = loadConfig(settings, { assignments: [`keys.listen=127.0.0.1:${port}`, ...assignments] });
  keys = createKeys(config.keys, {
    dataFolder: '',
    log: createLog({ level: 'silent' }),
    clock: systemClock,
    engine: new MemoryEngine(),
    door: { ...config.server, ...door },
  });
  await keys.start();
  await keys.listen();
  return port;
}

const text = ({ body }: { body: string }) => body.trimEnd();

test('answers requests that come in one piece, in many, and one after the other without waiting', async () => {
  const port = await start();
  const put = rawForm('PUT', '/v2/keys/a', 'value=1');
  const client = new RawClient(port);
  for (const cut of [10, put.length - 7, put.length - 3]) {
    await client.send(put.slice(0, cut));
    await sleep(20);
    expect((await client.ask(put.slice(cut))).status).toBeLessThan(202);
  }
  const piped = new RawClient(port);
  const last = await piped.ask([put, put, put, rawRequest('GET', '/v2/keys/a')].join(''));
  expect(text(last)).toContain('"action":"set"');
  for (let left = 0; left < 2; left++) expect(text(await piped.ask(''))).toContain('"action":"set"');
  expect(text(await piped.ask(''))).toContain('"action":"get"');
  for (const one of [client, piped]) one.close();
});

test('drops a watcher that does not read, and writers never wait for it', async () => {
  const port = await start();
  const slow = connect(port, '127.0.0.1');
  slow.write(rawRequest('GET', '/v2/keys/a?wait=true&stream=true'));
  await new Promise((resolve) => slow.once('data', resolve));
  slow.pause();
  expect(keys?.hub.count).toBe(1);
  for (let at = 0; at < 400 && keys?.hub.count === 1; at++) {
    await keys?.public.set('/a', 'x'.repeat(100_000));
    await sleep(0);
  }
  expect(keys?.hub.count).toBe(0);
  slow.destroy();
});

test('forgets a watcher whose client went', async () => {
  const port = await start();
  const client = new RawClient(port);
  await client.send(rawRequest('GET', '/v2/keys/a?wait=true'));
  await client.head();
  expect(keys?.hub.count).toBe(1);
  client.close();
  await until(() => keys?.hub.count === 0);
});

test('cuts watches off when it stops, and closes at once', async () => {
  const port = await start();
  const clients = [new RawClient(port), new RawClient(port)];
  for (const client of clients) {
    await client.send(
      rawRequest('GET', '/v2/keys/a?wait=true', { headers: client === clients[1] ? ['Accept-Encoding: x', 'TE: trailers'] : [] }),
    );
    await client.head();
  }
  await keys?.stop();
  for (const client of clients) expect(await client.chunk()).toBe('cut');
});

test('refuses one watcher more than there may be', async () => {
  const port = await start({ assignments: ['keys.limits.watchers=1'] });
  const first = new RawClient(port);
  await first.send(rawRequest('GET', '/v2/keys/a?wait=true'));
  await first.head();
  const second = await new RawClient(port).ask(rawRequest('GET', '/v2/keys/a?wait=true'));
  expect([second.status, text(second)]).toEqual([
    500,
    '{"errorCode":300,"message":"Raft Internal Error","cause":"too many watchers (keys.limits.watchers is 1)","index":0}',
  ]);
  first.close();
});

test.each([
  ['another host', { headers: [] }, 'evil.example'],
  ['a page of another site', { headers: ['Origin: http://evil.example'] }, 'localhost'],
  ['a page, as browsers tell', { headers: ['Sec-Fetch-Site: cross-site'] }, 'localhost'],
])('lets in nobody from %s', async (_name, options, host) => {
  const port = await start();
  const raw = rawRequest('PUT', '/v2/keys/a', options).replace('Host: localhost', `Host: ${host}`);
  expect((await new RawClient(port).ask(raw)).status).toBe(403);
});

test('asks for a login from the moment there is a user', async () => {
  let hasUsers = false;
  const admission = () => ({
    hasUsers,
    addressOf: (address: string) => address,
    enter: () => () => {},
    admit: ({ authorization }: { authorization: readonly string[] }) => {
      if (authorization[0] === 'Bearer viewer') return { name: 'v', role: 'viewer' as const, proof: 'token' as const };
      throw new Error('nobody');
    },
  });
  const port = await start({ door: { admission } });
  const client = new RawClient(port);
  const put = rawForm('PUT', '/v2/keys/a', 'value=1');
  const as = (raw: string) => raw.replace('\r\n\r\n', '\r\nAuthorization: Bearer viewer\r\n\r\n');
  const get = rawRequest('GET', '/v2/keys/a');
  expect((await client.ask(put)).status).toBe(201);
  hasUsers = true;
  expect((await client.ask(get)).status).toBe(401);
  expect(text(await client.ask(put))).toBe(
    '{"errorCode":110,"message":"The request requires user authentication","cause":"Insufficient credentials","index":0}',
  );
  expect((await client.ask(as(get))).status).toBe(200);
  expect((await client.ask(as(put))).status).toBe(401);
  client.close();
});

test('does not listen where others reach it while there are no users', async () => {
  await expect(start({ assignments: ['keys.listen=0.0.0.0:0'] })).rejects.toMatchObject({ code: 'denied', pointer: 'keys.listen' });
});

test('breaks watches off whose right has ended, those of before the first user as well', async () => {
  let hasUsers = false;
  let valid = 'Bearer viewer';
  const stays = new Stays();
  const admission = () => ({
    get hasUsers() {
      return hasUsers;
    },
    addressOf: (address: string) => address,
    enter: (stay: Stay) => stays.enter(stay),
    admit: ({ authorization }: { authorization: readonly string[] }) => {
      if (authorization[0] === valid) return { name: 'v', role: 'viewer' as const, proof: 'token' as const };
      throw new Error('nobody');
    },
  });
  const port = await start({ door: { admission } });
  const watch = rawRequest('GET', '/v2/keys/a?wait=true&stream=true');
  const as = (raw: string) => raw.replace('\r\n\r\n', '\r\nAuthorization: Bearer viewer\r\n\r\n');
  const begin = async (raw: string) => {
    const client = new RawClient(port);
    await client.send(raw);
    expect((await client.head()).status).toBe(200);
    return client;
  };
  // A header that the quick path does not know leads to Node's own server: both have to end.
  const open = [await begin(watch), await begin(watch.replace('\r\n\r\n', '\r\nCookie: a=b\r\n\r\n'))];
  hasUsers = true;
  stays.review();
  for (const client of open) expect(await client.chunk(5000)).toBe('cut');
  const known = await begin(as(watch));
  stays.review();
  expect(await known.chunk(100)).toBeUndefined();
  valid = 'Bearer another';
  stays.review();
  expect(await known.chunk(5000)).toBe('cut');
});
