/** Two servers with one etcd cluster behind them: the same tickets on both, each change noted once, writers told apart. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { loadConfig } from '../../src/core/config.ts';
import { createLog } from '../../src/core/log.ts';
import { engineOf, type KeyEngine, Tree } from '../../src/keys/index.ts';
import { settings } from '../../src/server/rooms.ts';
import { Tickets } from '../../src/tickets/index.ts';
import { type EtcdCluster, noEtcd, startCluster } from '../keys/etcd-cluster.ts';

const log = createLog({ level: 'silent' });
const ada = { by: 'ada', via: 'api' } as const;
const bob = { by: 'bob', via: 'api' } as const;
const plain = {
  state: 'open',
  severity: 'medium',
  assignee: null,
  labels: [],
  about: { hosts: [], flows: [], scans: [], jobs: [] },
} as const;

describe.skipIf(noEtcd !== undefined)('tickets on a cluster [needs etcd: apt install etcd-server]', () => {
  let cluster: EtcdCluster;
  let engines: KeyEngine[];
  let one: Tickets;
  let other: Tickets;

  beforeAll(async () => {
    cluster = await startCluster();
    const config = loadConfig(settings, {
      assignments: ['keys.engine=etcd', `keys.etcd.endpoints=${cluster.endpoints.join(',')}`, 'keys.etcd.prefix=/tickets-test'],
    });
    engines = [1, 2].map(() => engineOf(config.keys, { dataFolder: '/nonexistent', log, clock: systemClock }));
    for (const engine of engines) await engine.start();
    [one, other] = engines.map((engine) => new Tickets(config.tickets, { engine, clock: systemClock, log })) as [Tickets, Tickets];
    for (const room of [one, other]) await room.start();
  });
  afterAll(async () => {
    for (const room of [one, other]) await room?.stop();
    for (const engine of engines ?? []) await engine.stop();
    await cluster?.stop();
  });

  test('what one server is told, the other tells', async () => {
    const { id } = await one.create({ ...plain, description: 'Switch is down' }, ada);
    await one.comment(id, 'cable ordered', ada);
    await other.change(id, bob, (ticket) => ({ ...ticket, state: 'resolved' }));
    // A plain read may be a moment behind what another server wrote.
    await expect.poll(() => one.get(id)).toEqual(await other.get(id));
    expect((await one.history(id)).map(({ what, by }) => [what, by])).toEqual([
      ['created', 'ada'],
      ['commented', 'ada'],
      ['changed', 'bob'],
    ]);
    expect((await other.find({ q: 'ordered' })).map((ticket) => ticket.id)).toContain(id);
  });

  test('of two writers of one version, on two servers, one is told', async () => {
    const made = await one.create({ ...plain, description: 'contended' }, ada);
    const expected = (ticket: { version: number }) => {
      if (ticket.version !== made.version) throw new Error('changed meanwhile');
    };
    const writes = [one, other].map((room, at) =>
      room.change(made.id, ada, (ticket) => ({ ...ticket, severity: at === 0 ? 'low' : 'high' }), expected),
    );
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('without versions nothing of either is lost', async () => {
    const { id } = await one.create({ ...plain, description: 'shared' }, ada);
    await Promise.all(Array.from({ length: 10 }, (_, i) => (i % 2 ? one : other).comment(id, `no ${i}`, ada)));
    expect((await one.comments(id)).map(({ text }) => text).sort()).toEqual(Array.from({ length: 10 }, (_, i) => `no ${i}`));
    expect((await other.get(id)).comments).toBe(10);
  });

  test('what a v2 client does is noted once', async () => {
    const tree = new Tree(engines[0] as KeyEngine, 'public');
    const made = await tree.createInOrder('/tickets', 'one');
    const id = made.node.path.slice('/tickets/'.length);
    await tree.set(made.node.path, 'two');
    await Promise.all([one.settle(), other.settle()]);
    const history = await other.history(id);
    expect(history.map(({ what, via }) => [what, via])).toEqual([
      ['created', 'keys'],
      ['changed', 'keys'],
    ]);
    expect(history[1]?.changes).toEqual([{ field: 'description', from: 'one', to: 'two' }]);
    expect(await one.history(id)).toEqual(history);
    await tree.delete('/tickets', true);
    expect(await other.find({})).toEqual([]);
  });
});
