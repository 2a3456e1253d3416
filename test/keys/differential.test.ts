/** The same requests to a real etcd and to Weir's keys, with either engine: status, headers and bodies are the same, octet for octet. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../scripts/random.ts';
import { startCluster } from './etcd-cluster.ts';
import { compare } from './v2-compare.ts';
import { noEtcd, startEtcd, startWeir, type V2Server } from './v2-servers.ts';
import * as ofKeys from './v2-steps/keys.ts';
import * as ofRequests from './v2-steps/requests.ts';
import type { Step } from './v2-steps/step.ts';
import * as ofWatches from './v2-steps/watches.ts';

const isLong = process.env.WEIR_TEST_ALL === '1';
const seed = Number(process.env.WEIR_SEED ?? (isLong ? Date.now() % 1_000_000 : 7));

const lists: [string, readonly Step[]][] = [
  ['paths', ofRequests.paths],
  ['methods', ofRequests.methods],
  ['parameters', ofRequests.parameters],
  ['bodies', ofRequests.bodies],
  ['escapes', ofRequests.escapes],
  ['writes', ofKeys.writes],
  ['listings', ofKeys.listings],
  ['times to live', ofWatches.times],
  ['watches', ofWatches.watches],
  ['watches that come late', ofWatches.lateWatches],
  ['counters', ofWatches.counting],
  ['other pages', ofRequests.pages],
  ['generated traffic', ofKeys.traffic(isLong ? 5000 : 600, new Random(seed))],
];

// One of each for all lists: what an earlier list left behind is there on all of them.
describe.skipIf(noEtcd !== undefined)(
  `Weir answers as etcd does, with its own engine and with a cluster [${noEtcd ?? `seed ${seed}`}]`,
  () => {
    const started: { stop(): Promise<void> }[] = [];
    const start = async <Server extends { stop(): Promise<void> }>(starting: Promise<Server>): Promise<Server> => {
      const server = await starting;
      started.unshift(server);
      return server;
    };
    let etcd: V2Server;
    const weirs: Record<string, number> = {};

    beforeAll(async () => {
      const [cluster] = await Promise.all([
        start(startCluster()),
        start(startEtcd()).then((server) => (etcd = server)),
        start(startWeir()).then(({ port }) => (weirs.embedded = port)),
      ]);
      const settings = ['keys.engine=etcd', `keys.etcd.endpoints=${cluster.endpoints.join(',')}`];
      weirs['on a cluster'] = (await start(startWeir(settings))).port;
    });
    afterAll(async () => {
      for (const server of started) await server.stop();
    });

    test.each(lists)('%s', async (_name, list) => {
      expect(await compare(list, etcd.port, weirs)).toEqual([]);
      await Promise.all([etcd.port, ...Object.values(weirs)].map(clear));
    });
  },
);

/** Removes all keys but hidden ones. */
async function clear(port: number): Promise<void> {
  const url = `http://127.0.0.1:${port}/v2/keys`;
  const { node } = (await (await fetch(`${url}?sorted=true`)).json()) as { node: { nodes?: { key: string }[] } };
  for (const { key } of node.nodes ?? []) {
    const path = key.split('/').map(encodeURIComponent).join('/');
    await (await fetch(`${url}${path}?recursive=true`, { method: 'DELETE' })).arrayBuffer();
  }
}
