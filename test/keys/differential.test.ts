/** The same requests to a real etcd and to Weir's keys, with either engine: status, headers and bodies are the same, octet for octet. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../scripts/random.ts';
import { type EtcdCluster, startCluster } from './etcd-cluster.ts';
import { compare } from './v2-compare.ts';
import { noEtcd, startEtcd, startWeir } from './v2-servers.ts';
import * as steps from './v2-steps.ts';

const seed = Number(process.env.WEIR_SEED ?? Date.now() % 1_000_000);

const lists: [string, readonly steps.Step[]][] = [
  ['paths', steps.paths],
  ['methods', steps.methods],
  ['parameters', steps.parameters],
  ['bodies', steps.bodies],
  ['escapes', steps.escapes],
  ['writes', steps.writes],
  ['listings', steps.listings],
  ['times to live', steps.times],
  ['watches', steps.watches],
  ['watches that come late', steps.lateWatches],
  ['counters', steps.counting],
  ['other pages', steps.pages],
  ['generated traffic', steps.traffic(600, new Random(seed))],
];

describe.skipIf(noEtcd !== undefined)(`answers as etcd does [${noEtcd ?? `seed ${seed}`}]`, () => {
  test.each(lists)('%s', async (_name, list) => {
    const [etcd, weir] = await Promise.all([startEtcd(), startWeir()]);
    try {
      expect(await compare(list, etcd.port, weir.port)).toEqual([]);
    } finally {
      await Promise.all([etcd.stop(), weir.stop()]);
    }
  });
});

describe.skipIf(noEtcd !== undefined)(`answers as etcd does, with the keys on a cluster of etcd [${noEtcd ?? `seed ${seed}`}]`, () => {
  let cluster: EtcdCluster;
  let prefixes = 0;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(async () => await cluster?.stop());

  test.each(lists)('%s', async (_name, list) => {
    const settings = ['keys.engine=etcd', `keys.etcd.endpoints=${cluster.endpoints.join(',')}`, `keys.etcd.prefix=/weir${prefixes++}`];
    const [etcd, weir] = await Promise.all([startEtcd(), startWeir(settings)]);
    try {
      expect(await compare(list, etcd.port, weir.port)).toEqual([]);
    } finally {
      await Promise.all([etcd.stop(), weir.stop()]);
    }
  });
});
