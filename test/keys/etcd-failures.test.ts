/** The engine on three etcd members that die and freeze: nothing acknowledged is lost, nothing is done twice. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '../../src/core/log.ts';
import type { KeyEngine } from '../../src/keys/engine.ts';
import { createClusterEngine } from '../../src/keys/etcd/cluster-engine.ts';
import type { Change } from '../../src/keys/tree/change.ts';
import { KeyFault } from '../../src/keys/tree/fault.ts';
import { type EtcdCluster, noEtcd, startCluster } from './etcd-cluster.ts';
import { bytes, until } from './operations.ts';

const log = createLog({ level: 'silent' });
let cluster: EtcdCluster;
let prefixes = 0;
let engines: KeyEngine[] = [];

async function engine(prefix: string, endpoints = cluster.endpoints): Promise<KeyEngine> {
  const made = createClusterEngine({ endpoints, prefix, history: 100_000, now: Date.now, log });
  engines.push(made);
  await made.start();
  return made;
}

type Load = {
  acknowledged: Map<string, number>;
  faults: KeyFault[];
  /** Waits until each writer has been answered so many times more. */
  goesOn(times: number): Promise<void>;
  stop(): Promise<void>;
};

/** Writers that each put one value after the other, and remember what was answered. */
function load(targets: readonly KeyEngine[], writers: number): Load {
  const acknowledged = new Map<string, number>();
  const faults: KeyFault[] = [];
  const answers = Array.from({ length: writers }, () => 0);
  let isOver = false;
  const write = async (writer: number) => {
    const target = targets[writer % targets.length]!;
    for (let at = 0; !isOver; at++) {
      const value = `${writer}-${at}`;
      try {
        const [change] = await target.write('public', [{ action: 'create-in-order', path: '/queue', value: bytes(value) }]);
        acknowledged.set(value, change!.index);
        answers[writer]!++;
      } catch (error) {
        if (!(error instanceof KeyFault)) throw error;
        faults.push(error);
      }
      await new Promise((wake) => setTimeout(wake, 5));
    }
  };
  const running = Array.from({ length: writers }, (_, writer) => write(writer));
  const stop = async () => {
    isOver = true;
    await Promise.all(running);
  };
  const goesOn = async (times: number) => {
    const wanted = answers.map((count) => count + times);
    await until(() => answers.every((count, writer) => count >= wanted[writer]!));
  };
  return { acknowledged, faults, goesOn, stop };
}

/** The queue as it stands, and everything acknowledged in it, once and where it was said to be. */
async function checkQueue(target: KeyEngine, { acknowledged, faults }: Load): Promise<void> {
  const { below, index } = await target.read('public', '/queue', { reach: 'children', isLinearizable: true });
  const found = new Map<string, number>();
  for (const { value, created } of below) {
    const text = Buffer.from(value).toString();
    expect(found.has(text), `${text} was done twice`).toBe(false);
    found.set(text, created);
  }
  for (const [value, at] of acknowledged) expect(found.get(value), `${value} was acknowledged`).toBe(at);
  expect(below.map(({ created }) => created)).toEqual(Array.from({ length: index - 3 }, (_, at) => at + 4));
  // What was not acknowledged may be there, if its writer was told that nobody knows.
  expect(found.size - acknowledged.size).toBeLessThanOrEqual(faults.length);
}

describe.skipIf(noEtcd !== undefined)('the engine on three members [needs etcd: apt install etcd-server etcd-client]', () => {
  beforeAll(async () => {
    cluster = await startCluster({ members: 3 });
  });
  afterEach(async () => {
    await Promise.all(engines.map((made) => made.stop()));
    engines = [];
  });
  afterAll(async () => {
    await cluster?.stop();
  });

  test('the leader is killed under load: no acknowledged write is lost, no index comes twice, work goes on', async () => {
    const prefix = `/lead${prefixes++}`;
    const targets = [await engine(prefix), await engine(prefix)];
    const told: Change[][] = [[], []];
    for (const [at, target] of targets.entries()) target.follow('public', (changes) => void told[at]!.push(...changes));
    const running = load(targets, 16);
    await running.goesOn(20);
    const leader = await cluster.leader();
    await leader.kill();
    await running.goesOn(20);
    await leader.start();
    await cluster.ready();
    await running.goesOn(5);
    await running.stop();
    await checkQueue(targets[0]!, running);
    const { index } = await targets[0]!.read('public', '/', { isLinearizable: true });
    await until(() => targets.every((target) => target.followed('public') === index));
    for (const changes of told) expect(changes.map((change) => change.index)).toEqual(Array.from({ length: index - 3 }, (_, at) => at + 4));
  });

  test('the member that a server talks to is frozen: it goes on by the others, and misses nothing', async () => {
    const prefix = `/frozen${prefixes++}`;
    const [frozen, other] = cluster.members;
    const near = await engine(prefix, [frozen!.url, ...cluster.endpoints.slice(1)]);
    const far = await engine(prefix, [other!.url, ...cluster.endpoints.slice(2)]);
    const told: number[] = [];
    near.follow('public', (changes) => void told.push(...changes.map(({ index }) => index)));
    const running = load([near, far], 8);
    await running.goesOn(20);
    frozen!.freeze();
    try {
      await running.goesOn(20);
      await until(async () => (await near.unready()) === undefined);
      await running.stop();
      await checkQueue(far, running);
      const { index } = await far.read('public', '/', { isLinearizable: true });
      await far.write('public', [{ action: 'set', path: '/after', value: bytes('1') }]);
      await until(() => told.at(-1) === index + 1);
      expect(told).toEqual(Array.from({ length: told.length }, (_, at) => at + 4));
    } finally {
      frozen!.thaw();
      await running.stop();
    }
    await cluster.ready();
  });

  test('without a majority writes are refused in about seven seconds, reads of a member go on, and all recovers', async () => {
    const prefix = `/alone${prefixes++}`;
    const [kept, ...others] = cluster.members;
    const target = await engine(prefix, [kept!.url]);
    await target.write('public', [{ action: 'set', path: '/a', value: bytes('1') }]);
    for (const member of others) await member.kill();
    const startedAt = performance.now();
    const writes = [1, 2, 3].map((at) =>
      target.write('public', [{ action: 'set', path: `/b${at}`, value: bytes('2') }]).catch((fault) => fault),
    );
    // Meanwhile: a server starts that finds nobody who could tell it how far the cluster is.
    const starting = engine(prefix, [others[0]!.url]);
    expect(await target.unready()).toEqual(expect.any(String));
    expect((await target.read('public', '/', { reach: 'children' })).below.length).toBe(1);
    const faults = (await Promise.all(writes)) as KeyFault[];
    for (const fault of faults) expect(fault).toMatchObject({ kind: 'unavailable', cause: expect.any(String), index: 4 });
    expect(performance.now() - startedAt).toBeGreaterThan(6500);
    const late = await starting;
    expect(await late.unready()).toEqual(expect.any(String));
    for (const member of others) await member.start();
    await cluster.ready();
    const [change] = await target.write('public', [{ action: 'set', path: '/c', value: bytes('3') }]);
    // What was refused may have been done after all, yet each once at most.
    expect(change!.index).toBeGreaterThanOrEqual(5);
    expect(change!.index).toBeLessThanOrEqual(8);
    const { index } = await target.read('public', '/', { isLinearizable: true });
    expect(target.followed('public')).toBe(index);
    await until(async () => (await late.unready()) === undefined);
    expect((await late.write('public', [{ action: 'set', path: '/late', value: bytes('4') }])).length).toBe(1);
  });
});
