/** An engine in a process of its own, for the tests that kill it: the endpoint and the prefix are its arguments. */
import { createLog } from '../../src/core/log.ts';
import { createClusterEngine } from '../../src/keys/etcd/cluster-engine.ts';

const [endpoint = '', prefix = ''] = process.argv.slice(2);
const log = createLog({ level: 'silent' });
await createClusterEngine({ endpoints: [endpoint], prefix, history: 1000, now: Date.now, log }).start();
process.send?.('started');
