/** What the flows show to Prometheus. */
import { Gauge, type Registry } from 'prom-client';
import { registerExportersMetrics } from './exporters/metrics.ts';
import type { Flows } from './flows.ts';

/** Registers the metrics of the room; they are read when they are asked for. */
export const registerFlowsMetrics = (registry: Registry, flows: Flows): void => {
  const gauge = (name: string, help: string, read: () => Promise<number>): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(await read());
      },
    });
  };
  gauge('weir_flows_hot', 'Flows in the hot table.', async () => (await flows.store.extent()).hotRows);
  gauge('weir_flows_sealed', 'Flows in sealed files.', async () => (await flows.store.extent()).rows);
  gauge('weir_flows_files', 'Sealed files.', async () => (await flows.store.extent()).files);
  gauge('weir_flows_bytes', 'Octets of sealed files.', async () => (await flows.store.extent()).bytes);
  gauge('weir_imports_running', 'Imports that run or wait.', async () => flows.imports.running);
  registerExportersMetrics(registry, () => flows.exporters);
};
