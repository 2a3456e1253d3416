/** What the flow exports show to Prometheus; sums over exporters, so that hostile senders make no series. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Exporters, ExportersState } from './exporters.ts';

type Read = (state: ExportersState) => number;

const sumOf =
  (name: 'datagrams' | 'bytes' | 'flows' | 'events' | 'lost' | 'late' | 'expired'): Read =>
  ({ exporters }) =>
    exporters.reduce((sum, exporter) => sum + exporter[name], 0);

const counters: readonly (readonly [name: string, help: string, read: Read])[] = [
  ['datagrams', 'Datagrams of exporters, and messages over TCP.', sumOf('datagrams')],
  ['bytes', 'Octets of datagrams.', sumOf('bytes')],
  ['flows', 'Flows decoded.', sumOf('flows')],
  ['events', 'Records that are no flows.', sumOf('events')],
  ['lost', 'Missing sequence numbers: datagrams (NetFlow v9, sFlow), flows (v5) or records (IPFIX).', sumOf('lost')],
  ['late_flows', 'Flows that came before their template, and were decoded when it came.', sumOf('late')],
  ['expired_sets', 'Sets that were given up before their template came.', sumOf('expired')],
  [
    'faults',
    'Datagrams of which something could not be read.',
    ({ exporters }) => exporters.reduce((sum, { faults }) => sum + Object.values(faults).reduce((all, one) => all + one, 0), 0),
  ],
  [
    'refused',
    'Datagrams and connections of addresses that are not allowed.',
    ({ listeners }) => listeners.reduce((sum, { refused }) => sum + refused, 0),
  ],
  [
    'kernel_drops',
    'Datagrams that the kernel dropped since a receive buffer was full.',
    ({ listeners }) => listeners.reduce((sum, { kernel_drops: drops }) => sum + (drops ?? 0), 0),
  ],
  ['stored', 'Flows that were stored.', ({ stored }) => stored],
  ['unwritten', 'Flows that were lost since the disk did not take them.', ({ unwritten }) => unwritten],
];

/** Registers the metrics; they are read when they are asked for, all from one look. */
export const registerExportersMetrics = (registry: Registry, exporters: () => Exporters): void => {
  const registers = [registry];
  let look: { state: Promise<ExportersState>; atMs: number } | undefined;
  // Metrics are collected one after the other within a scrape: they share what the first one read.
  const state = (): Promise<ExportersState> => {
    const now = performance.now();
    if (look === undefined || now - look.atMs > 200) look = { state: exporters().state(), atMs: now };
    return look.state;
  };
  for (const [name, help, read] of counters) {
    new Counter({
      name: `weir_exporters_${name}_total`,
      help,
      registers,
      async collect() {
        const value = read(await state());
        this.reset();
        this.inc(value);
      },
    });
  }
  new Gauge({
    name: 'weir_exporters_known',
    help: 'Exporters that have sent something, or whose templates are kept.',
    registers,
    async collect() {
      this.set((await state()).exporters.length);
    },
  });
  new Gauge({
    name: 'weir_exporters_buffer_bytes',
    help: 'The smallest receive buffer that the kernel gave to a socket; 0 without one.',
    registers,
    async collect() {
      const buffers = (await state()).listeners.flatMap(({ buffer }) => (buffer === null ? [] : [buffer]));
      this.set(buffers.length === 0 ? 0 : Math.min(...buffers));
    },
  });
};
