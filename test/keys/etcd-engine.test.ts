/** The engine on one real etcd member: equal to the engine in memory, and two of them on the same keys. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '../../src/core/log.ts';
import type { KeyEngine } from '../../src/keys/engine.ts';
import { createClusterEngine } from '../../src/keys/etcd/cluster-engine.ts';
import { MemoryEngine } from '../../src/keys/memory-engine.ts';
import type { Change } from '../../src/keys/tree/change.ts';
import { KeyFault } from '../../src/keys/tree/fault.ts';
import type { Operation } from '../../src/keys/tree/operation.ts';
import { type EtcdCluster, noEtcd, startCluster } from './etcd-cluster.ts';
import { LossyWay } from './etcd-proxy.ts';
import { bytes, plain, randomOf, randomOperation, until } from './operations.ts';

const log = createLog({ level: 'silent' });
let cluster: EtcdCluster;
let prefixes = 0;
const engines: KeyEngine[] = [];

type Options = { prefix?: string; now?: () => number; history?: number; endpoints?: string[] };
const freshPrefix = () => `/test${prefixes++}`;

async function engine({
  prefix = freshPrefix(),
  now = Date.now,
  history = 1000,
  endpoints = cluster.endpoints,
}: Options = {}): Promise<KeyEngine> {
  const made = createClusterEngine({ endpoints, prefix, history, now, log });
  engines.push(made);
  await made.start();
  return made;
}

const set = (path: string, value: string, more: Partial<Operation> = {}): Operation => ({
  action: 'set',
  path,
  value: bytes(value),
  ...more,
});

// Tests that wait most of their time do so together (`concurrent`): each has a prefix of its own.
describe.skipIf(noEtcd !== undefined)('the engine on one etcd member [needs etcd: apt install etcd-server etcd-client]', () => {
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(async () => {
    await Promise.all(engines.map((made) => made.stop()));
    await cluster?.stop();
  });

  test.each([1, 2, 3, 4])('does the same as the engine in memory, seed %i', async (seed) => {
    let now = 1_000_000;
    const clock = () => now;
    const random = randomOf(seed);
    const prefix = freshPrefix();
    // The office of the sweeper is taken: only the writes themselves end nodes here.
    cluster.control('put', `${prefix}/sweeper`, 'the test');
    const [real, model] = [await engine({ prefix, now: clock }), new MemoryEngine(clock)];
    for (let round = 0; round < 40; round++) {
      now += Math.floor(random() * 40);
      const writes = Array.from({ length: 1 + Math.floor(random() * 12) }, () =>
        Array.from({ length: random() < 0.8 ? 1 : 1 + Math.floor(random() * 5) }, () => randomOperation(random)),
      );
      const outcomes = (target: KeyEngine) => Promise.all(writes.map((operations) => outcomeOf(target.write('public', operations))));
      expect(await outcomes(real), `round ${round}`).toEqual(await outcomes(model));
    }
    expect(plain(await real.read('public', '/', { reach: 'subtree' }))).toEqual(
      plain(await model.read('public', '/', { reach: 'subtree' })),
    );
    expect(plain(await real.history('public', 1))).toEqual(plain(await model.history('public', 1)));
    // A second server that knows nothing yet sees the same.
    const fresh = await engine({ prefix, now: clock });
    for (const path of ['/a', '/a/b', '/a/b/c', '/b', '/c/a/b/c', '/', '/b/c/d']) {
      for (const reach of ['node', 'children', 'subtree'] as const) {
        const read = (target: KeyEngine) => outcomeOf(target.read('public', path, { reach }));
        expect(await read(fresh), `${path} ${reach}`).toEqual(await read(model));
        expect(await read(real), `${path} ${reach}`).toEqual(await read(model));
      }
    }
  });

  test('two servers at once: indexes without gaps, no lost update, both are told all in order', async () => {
    const prefix = freshPrefix();
    const [one, two] = [await engine({ prefix }), await engine({ prefix })];
    const told: Change[][] = [[], []];
    for (const [at, target] of [one, two].entries()) target.follow('public', (changes) => void told[at]!.push(...changes));
    await one.write('public', [set('/count', '0')]);
    const raise = async (target: KeyEngine) => {
      for (;;) {
        const { node } = await target.read('public', '/count', { isLinearizable: true });
        const value = bytes(String(Number(node.value) + 1));
        const swap: Operation = { action: 'compare-and-swap', path: '/count', value, prevIndex: BigInt(node.modified) };
        if ((await outcomeOf(target.write('public', [swap]))).fault === undefined) return;
      }
    };
    const jobs = Array.from({ length: 60 }, async (_, at) => {
      const target = at % 2 === 0 ? one : two;
      await target.write('public', [{ action: 'create-in-order', path: '/queue', value: bytes(String(at)) }]);
      if (at < 20) await raise(target);
    });
    await Promise.all(jobs);
    expect(Buffer.from((await two.read('public', '/count', { isLinearizable: true })).node.value).toString()).toBe('20');
    const { index, below } = await one.read('public', '/queue', { reach: 'children', isLinearizable: true });
    expect(below.length).toBe(60);
    await until(() => one.followed('public') === index && two.followed('public') === index);
    for (const changes of told) expect(changes.map((change) => change.index)).toEqual(Array.from({ length: index - 3 }, (_, at) => at + 4));
    expect(told[0]).toEqual(told[1]);
  });

  test('many writes share a transaction, and one of several operations is done whole or not at all', async () => {
    const prefix = freshPrefix();
    const target = await engine({ prefix });
    await Promise.all(Array.from({ length: 500 }, (_, at) => target.write('public', [set(`/many/${at}`, 'x')])));
    expect(target.followed('public')).toBe(503);
    const records = cluster.control('get', '--prefix', '--keys-only', `${prefix}/public/e/`).match(/\/e\//g) ?? [];
    expect(records.length).toBeLessThan(12);
    const fault = await outcomeOf(target.write('public', [set('/whole/1', 'x'), { action: 'delete', path: '/nowhere' }]));
    expect(fault).toMatchObject({ fault: 'not-found', cause: '/nowhere' });
    expect(await outcomeOf(target.read('public', '/whole'))).toMatchObject({ fault: 'not-found' });
    expect(target.followed('public')).toBe(503);
    const all = Array.from({ length: 110 }, (_, at) => set(`/whole/${at}`, 'y'));
    expect((await target.write('public', all)).length).toBe(110);
  });

  test('raises its index where it is asked to, and everybody sees the rest connect', async () => {
    const prefix = freshPrefix();
    const [one, two] = [await engine({ prefix }), await engine({ prefix })];
    const told: number[][] = [[], []];
    for (const [at, target] of [one, two].entries())
      target.follow('public', (changes) => void told[at]!.push(...changes.map(({ index }) => index)));
    const writes = [set('/a', '1'), set('/raised', '', { leastIndex: 500 }), set('/b', '1'), set('/low', '', { leastIndex: 20 })];
    const changes = (await Promise.all(writes.map((operation) => one.write('public', [operation])))).flat();
    expect(changes.map(({ index }) => index)).toEqual([4, 500, 501, 502]);
    const [next] = await two.write('public', [{ action: 'create-in-order', path: '/queue' }]);
    expect(next?.node.path).toBe('/queue/00000000000000000503');
    await until(() => one.followed('public') === 503 && two.followed('public') === 503);
    for (const indexes of told) expect(indexes).toEqual([4, 500, 501, 502, 503]);
    const { index, oldest, changes: kept } = await two.history('public', 100);
    expect([index, oldest, kept.map((change) => change.index)]).toEqual([503, 4, [500, 501, 502, 503]]);
  });

  test('says so when a write is more than a transaction holds', async () => {
    const target = await engine();
    const keys = Array.from({ length: 130 }, (_, at) => set(`/k${at}`, ''));
    expect(await outcomeOf(target.write('public', keys))).toMatchObject({
      fault: 'too-large',
      cause: expect.stringContaining('holds 128'),
    });
    const big = Buffer.alloc(512_000, 'x');
    const many = Array.from({ length: 3 }, (_, at) => ({ action: 'set' as const, path: `/big${at}`, value: big }));
    const outcomes = await Promise.all([
      outcomeOf(target.write('public', [set('/small', 'x')])),
      outcomeOf(target.write('public', many)),
      outcomeOf(target.write('public', [set('/small2', 'x')])),
    ]);
    expect(outcomes[1]).toMatchObject({ fault: 'too-large', cause: expect.stringContaining('1572864') });
    expect([outcomes[0]?.fault, outcomes[2]?.fault]).toEqual([undefined, undefined]);
    const fits = { action: 'set', path: `/${'big'.repeat(1333)}`, value: big } as const;
    for (let time = 0; time < 2; time++) expect((await target.write('public', [fits])).length).toBe(1);
    expect((await target.read('public', fits.path, { isLinearizable: true })).node.value.length).toBe(512_000);
    const tooLarge = { action: 'set', path: '/big', value: Buffer.alloc(512_001) } as const;
    expect(await outcomeOf(target.write('public', [tooLarge]))).toMatchObject({
      fault: 'too-large',
      cause: 'a value of 512001, at most 512000',
    });
    expect(await outcomeOf(target.write('public', [set(`/d${'/d'.repeat(1000)}`, '')]))).toMatchObject({ fault: 'too-large' });
  });

  test('removes what lies deep below a directory', async () => {
    const target = await engine();
    const deep = `/deep${'/d'.repeat(40)}`;
    for (let from = 0; from < 40; from += 20) await target.write('public', [set(`${deep.slice(0, 5 + 2 * (from + 20))}/leaf`, '')]);
    expect((await target.read('public', '/', { reach: 'subtree' })).below.length).toBe(43);
    await target.write('public', [{ action: 'delete', path: '/deep', isRecursive: true }, set('/deep/d/new', '1')]);
    const { below } = await target.read('public', '/', { reach: 'subtree', isLinearizable: true });
    expect(below.map(({ path }) => path)).toEqual(['/deep', '/deep/d', '/deep/d/new']);
  });

  test.concurrent('ends nodes in time, directories with all that is in them, and leaves no deadline behind', async () => {
    const prefix = freshPrefix();
    const target = await engine({ prefix });
    const told: Change[] = [];
    target.follow('public', (changes) => void told.push(...changes));
    await target.write('public', [
      set('/dir', '', { isDir: true, ttl: 900 }),
      set('/dir/in', '1', { ttl: 1200 }),
      set('/last', '1', { ttl: 1100 }),
      set('/kept', '1', { ttl: 1000 }),
      { action: 'update', path: '/kept', ttl: 3_600_000, isRefresh: true },
    ]);
    await until(() => told.filter(({ action }) => action === 'expire').length === 2);
    const ends = told.filter(({ action }) => action === 'expire');
    expect(ends.map(({ node }) => node.path)).toEqual(['/dir', '/last']);
    expect(plain(ends[1]?.prev)).toMatchObject({ path: '/last', value: '1' });
    await until(() => (cluster.control('get', '--prefix', '--keys-only', `${prefix}/public/t/`).match(/\/t\//g) ?? []).length === 1);
    expect(cluster.control('get', '--prefix', '--keys-only', `${prefix}/public/t/`)).toContain('/kept');
    expect((await target.read('public', '/', { reach: 'subtree' })).below.map(({ path }) => path)).toEqual(['/kept']);
  });

  test.concurrent('another server takes over the ends of nodes when the one in office dies', async () => {
    const prefix = freshPrefix();
    const [first, second] = [await dyingEngine(prefix), await engine({ prefix })];
    await until(() => cluster.control('get', `${prefix}/sweeper`).includes('pid'));
    await second.write('system', [set('/lease', 'x', { ttl: 500 })]);
    first.die();
    const ended = new Promise<Change>((told) => second.follow('system', ([change]) => change?.action === 'expire' && told(change)));
    expect((await ended).node.path).toBe('/lease');
  });

  test.concurrent('a write whose answer is lost is done once, and its writer hears of it by the record', async () => {
    const prefix = freshPrefix();
    const way = await LossyWay.to(cluster.endpoints[0]!);
    const target = await engine({ prefix, endpoints: [way.url, cluster.endpoints[0]!] });
    await target.write('public', [set('/before', '1')]);
    // Nothing has to be looked up for them: what is sent is the transaction itself.
    way.loseAnswers();
    const changes = (await Promise.all(['2', '3', '4'].map((value) => target.write('public', [set('/before', value)])))).flat();
    expect(changes.map(({ index, prev }) => [index, plain(prev?.value)])).toEqual([
      [5, '1'],
      [6, '2'],
      [7, '3'],
    ]);
    expect(plain(await target.read('public', '/before', { isLinearizable: true }))).toMatchObject({ index: 7, node: { value: '4' } });
    expect((await target.history('public', 5)).changes.length).toBe(3);
    await way.close();
  });

  test.concurrent('a write whose answer is lost for good ends as unavailable, and is done once at most', async () => {
    const prefix = freshPrefix();
    const way = await LossyWay.to(cluster.endpoints[0]!);
    const target = await engine({ prefix, endpoints: [way.url] });
    await target.write('public', [set('/before', '1')]);
    way.loseAnswers();
    const lost = await outcomeOf(target.write('public', [set('/before', 'lost')]));
    expect(lost).toMatchObject({ fault: 'unavailable', cause: expect.stringMatching(/./), index: 4 });
    way.heal();
    const [change] = await target.write('public', [set('/before', 'next')]);
    expect(plain(change)).toMatchObject({ index: 6, prev: { value: 'lost', modified: 5 } });
    expect(target.followed('public')).toBe(6);
    await way.close();
  });

  test.concurrent('tells a follower when the changes that it missed are gone, and goes on from there', async () => {
    const prefix = freshPrefix();
    const way = await LossyWay.to(cluster.endpoints[0]!);
    const away = await engine({ prefix, endpoints: [way.url], history: 16 });
    const writer = await engine({ prefix, history: 16 });
    const told: number[] = [];
    const broken = new Promise<string>((tell) => away.follow('public', (changes) => told.push(...changes.map(({ index }) => index)), tell));
    await writer.write('public', [set('/k', 'first')]);
    await until(() => told.length === 1);
    expect(plain(await away.read('public', '/k'))).toMatchObject({ node: { value: 'first' } });
    way.loseAnswers();
    for (let at = 0; at < 60; at++) await writer.write('public', [set('/k', String(at))]);
    way.heal();
    expect(await broken).toContain('are gone');
    expect(told).toEqual([4]);
    expect(plain(await away.read('public', '/k'))).toMatchObject({ index: 64, node: { value: '59' } });
    const [change] = await away.write('public', [set('/k', 'last')]);
    expect(plain(change)).toMatchObject({ index: 65, prev: { value: '59' } });
    await way.close();
  });

  test.concurrent.each(['write', 'wait'])('goes back with a cluster that was restored, at the next %s', async (what) => {
    const prefix = freshPrefix();
    const target = await engine({ prefix });
    const broken = new Promise<string>((tell) => target.follow('public', () => {}, tell));
    await target.write('public', [set('/k', '1'), set('/k', '2')]);
    cluster.control('del', '--prefix', `${prefix}/public/`);
    if (what === 'write') await outcomeOf(target.write('public', [set('/other', '3')]));
    expect(await broken).toContain('went back');
    const [change] = await target.write('public', [set('/k', '4')]);
    expect(change?.prev).toBeUndefined();
    expect((await target.read('public', '/k')).node.created).toBe(change?.index);
  });

  test('follows through a compaction, and keeps as many changes as it was told', async () => {
    const prefix = freshPrefix();
    const [writer, watcher] = [await engine({ prefix, history: 16 }), await engine({ prefix, history: 16 })];
    const told: number[] = [];
    watcher.follow('public', (changes) => void told.push(...changes.map(({ index }) => index)));
    for (let at = 0; at < 30; at++) await writer.write('public', [set('/k', String(at))]);
    const [{ Status }] = JSON.parse(cluster.control('endpoint', 'status', '-w', 'json')) as [{ Status: { header: { revision: number } } }];
    cluster.control('compact', String(Status.header.revision));
    for (let at = 0; at < 30; at++) await writer.write('public', [set('/k', String(at))]);
    await until(() => told.at(-1) === 63);
    expect(told).toEqual(Array.from({ length: 60 }, (_, at) => at + 4));
    const { index, oldest, changes } = await watcher.history('public', 1);
    expect([index, oldest, changes[0]?.index, changes.length]).toEqual([63, 48, 48, 16]);
    expect(plain(await watcher.history('public', 60, 2))).toMatchObject({ changes: [{ index: 60 }, { index: 61 }] });
  });
});

describe.skipIf(noEtcd !== undefined)(
  'the engine on a cluster with TLS and users [needs etcd: apt install etcd-server etcd-client]',
  () => {
    let secured: EtcdCluster;
    beforeAll(async () => {
      secured = await startCluster({ hasTls: true, authPrefix: '/weir/' });
    });
    afterAll(async () => {
      await secured?.stop();
    });

    const made = (more: { user?: string; password?: string; prefix?: string }) => {
      const files = secured.tls!;
      const tls = { ca: readFileSync(files.ca), cert: readFileSync(files.cert), key: readFileSync(files.key) };
      const prefix = more.prefix ?? '/weir';
      return createClusterEngine({ endpoints: secured.endpoints, prefix, tls, history: 1000, now: Date.now, log, ...more });
    };

    test('works with certificate, user and password, and again after the member forgot the token', async () => {
      const target = made({ user: 'weir', password: 'secret' });
      await target.start();
      const told: number[] = [];
      target.follow('public', (changes) => void told.push(...changes.map(({ index }) => index)));
      await target.write('public', [set('/a', '1', { ttl: 700 })]);
      expect(await target.unready()).toBeUndefined();
      expect((await target.status()).members.length).toBe(1);
      await secured.members[0]?.kill();
      await secured.members[0]?.start();
      await target.write('public', [set('/b', '2')]);
      expect((await target.read('public', '/b', { isLinearizable: true })).node.created).toBeGreaterThan(4);
      await until(() => told.length === 3);
      await target.stop();
    });

    test('a wrong password, and a prefix that the user may not touch, are told at the start', async () => {
      const wrong = await outcomeOf(
        made({ user: 'weir', password: 'wrong' })
          .start()
          .then(() => []),
      );
      expect(wrong).toMatchObject({ fault: 'unavailable', cause: expect.stringContaining('authentication failed') });
      const foreign = await outcomeOf(
        made({ user: 'weir', password: 'secret', prefix: '/other' })
          .start()
          .then(() => []),
      );
      expect(foreign).toMatchObject({ fault: 'unavailable', cause: expect.stringContaining('permission denied') });
    });
  },
);

/** An engine that can end as a killed process does: it stops calling, and gives nothing back. */
async function dyingEngine(prefix: string): Promise<{ die(): void }> {
  const { fork } = await import('node:child_process');
  const child = fork(new URL('./etcd-server.ts', import.meta.url), [cluster.endpoints[0]!, prefix], { stdio: 'inherit' });
  await new Promise((started) => child.once('message', started));
  return { die: () => void child.kill('SIGKILL') };
}

/** What came of a request, in a form that can be compared. */
async function outcomeOf(asked: Promise<unknown>): Promise<{ fault?: string; cause?: string; index?: number; answer?: unknown }> {
  try {
    return { answer: plain(await asked) };
  } catch (error) {
    if (!(error instanceof KeyFault)) throw error;
    return { fault: error.kind, cause: error.cause, index: error.index };
  }
}
