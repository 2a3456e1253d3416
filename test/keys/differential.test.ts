/** The same requests to a real etcd and to Weir's keys: status, headers and bodies are the same, octet for octet. */
import { describe, expect, test } from 'vitest';
import { Random } from '../../scripts/random.ts';
import { compare } from './v2-compare.ts';
import { noEtcd, startEtcd, startWeir } from './v2-servers.ts';
import * as steps from './v2-steps.ts';

const seed = Number(process.env.WEIR_SEED ?? Date.now() % 1_000_000);

describe.skipIf(noEtcd !== undefined)(`answers as etcd does [${noEtcd ?? `seed ${seed}`}]`, () => {
  test.each([
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
  ])('%s', async (_name, list) => {
    const [etcd, weir] = await Promise.all([startEtcd(), startWeir()]);
    try {
      expect(await compare(list, etcd.port, weir.port)).toEqual([]);
    } finally {
      await Promise.all([etcd.stop(), weir.stop()]);
    }
  });
});
