/** The suite of every engine, on one real etcd member. */
import { afterAll, beforeAll, describe } from 'vitest';
import { createLog } from '../../src/core/log.ts';
import { engineConformance } from '../../src/keys/conformance/suite.ts';
import { createClusterEngine } from '../../src/keys/etcd/cluster-engine.ts';
import { type EtcdCluster, noEtcd, startCluster } from './etcd-cluster.ts';

describe.skipIf(noEtcd !== undefined)('[needs etcd: apt install etcd-server etcd-client]', () => {
  let cluster: EtcdCluster;
  let stores = 0;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(async () => await cluster?.stop());

  engineConformance('the engine on an etcd cluster', async () => {
    const prefix = `/store${stores++}`;
    const historyKept = 1000;
    return {
      open: async () => {
        const options = { endpoints: cluster.endpoints, prefix, history: historyKept, now: Date.now, log: createLog({ level: 'silent' }) };
        const engine = createClusterEngine(options);
        await engine.start();
        return engine;
      },
      remove: async () => void cluster.control('del', '--prefix', prefix),
      historyKept,
      modelRuns: 40,
    };
  });
});
