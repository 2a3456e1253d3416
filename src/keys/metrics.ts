/** What the keys count for Prometheus. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Keys } from './keys.ts';
import { type CounterName, counterNames } from './v2/counters.ts';

/** Registers the metrics of the room. */
export function registerKeysMetrics(registry: Registry, keys: Keys): void {
  const registers = [registry];
  new Gauge({
    name: 'weir_keys_watchers',
    help: 'Watches of the etcd v2 API that are open.',
    registers,
    collect() {
      this.set(keys.counters.sums().watchers);
    },
  });
  new Counter({
    name: 'weir_keys_watchers_dropped_total',
    help: 'Watches that were ended because their client did not keep up, since the start.',
    registers,
    collect() {
      this.reset();
      this.inc(keys.dropped.count);
    },
  });
  new Gauge({
    name: 'weir_keys_index',
    help: 'Index of the public tree: it rises by one with each change.',
    registers,
    collect() {
      this.set(keys.hub.index);
    },
  });
  new Counter({
    name: 'weir_keys_expired_total',
    help: 'Keys whose time to live has ended, since the start.',
    registers,
    collect() {
      this.reset();
      this.inc(keys.counters.sums().expireCount);
    },
  });
  new Counter({
    name: 'weir_keys_requests_total',
    help: 'Requests of the etcd v2 API on keys, since the start.',
    labelNames: ['kind', 'result'],
    registers,
    collect() {
      this.reset();
      const sums = keys.counters.sums();
      for (const name of counterNames) {
        const match = /^(\w+?)s?(Success|Fail)$/.exec(name);
        if (match !== null)
          this.inc({ kind: match[1] ?? '', result: match[2] === 'Success' ? 'done' : 'refused' }, sums[name as CounterName]);
      }
    },
  });
}
