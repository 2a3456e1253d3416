import { Gauge, type Registry } from 'prom-client';
import type { Captures } from './captures.ts';

/** Registers what the captures tell to Prometheus. */
export function registerCapturesMetrics(registry: Registry, captures: Captures): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `weir_captures_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  gauge('running', 'Captures that run.', () => captures.totals.running);
  gauge('packets', 'Packets of all captures that are kept.', () => captures.totals.packets);
  gauge('bytes', 'Bytes of these packets on the wire.', () => captures.totals.bytes);
  gauge('dropped_packets', 'Packets that the kernel dropped for them, as far as it told.', () => captures.totals.dropped);
}
