/** What the sockets count for Prometheus. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Listener } from './listener.ts';
import type { Sockets } from './sockets.ts';

/** Registers the metrics of the room: the listeners' own counters, read when they are asked for. */
export function registerSocketsMetrics(registry: Registry, { listeners }: Sockets): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: (listener: Listener) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['listener'],
      registers,
      collect() {
        for (const listener of listeners) this.set({ listener: listener.plan.name }, read(listener));
      },
    });
  const counter = (name: string, help: string, read: (listener: Listener) => number) =>
    new Counter({
      name,
      help,
      labelNames: ['listener'],
      registers,
      collect() {
        this.reset();
        for (const listener of listeners) this.inc({ listener: listener.plan.name }, read(listener));
      },
    });
  const byReason = (name: string, help: string, read: (listener: Listener) => Record<string, number>) =>
    new Counter({
      name,
      help,
      labelNames: ['listener', 'reason'],
      registers,
      collect() {
        this.reset();
        for (const listener of listeners)
          for (const [reason, count] of Object.entries(read(listener))) this.inc({ listener: listener.plan.name, reason }, count);
      },
    });
  gauge('weir_sockets_listening', '1 while the listener is open.', ({ state }) => (state === 'listening' ? 1 : 0));
  gauge(
    'weir_sockets_connections',
    'Connections that are open, or sources of datagrams that are remembered.',
    (listener) => listener.peers().length,
  );
  gauge('weir_sockets_waiting_bytes', 'Frames that are taken and not yet delivered.', ({ outcome }) => outcome.waiting);
  counter('weir_sockets_accepted_total', 'Connections, or datagrams, that were taken.', ({ counters }) => counters.accepted);
  counter('weir_sockets_received_bytes_total', 'Bytes that came.', ({ counters }) => counters.bytes);
  counter('weir_sockets_frames_total', 'Frames that came whole.', ({ counters }) => counters.frames);
  counter('weir_sockets_delivered_total', 'Frames that were delivered.', ({ outcome }) => outcome.delivered);
  counter('weir_sockets_refused_total', 'Frames that their place did not want.', ({ outcome }) => outcome.refused);
  counter('weir_sockets_lost_total', 'Frames that could not be delivered when the listener stopped.', ({ outcome }) => outcome.lost);
  byReason('weir_sockets_turned_away_total', 'Connections and datagrams that were not taken.', ({ counters }) => counters.turnedAway);
  byReason('weir_sockets_faults_total', 'Connections that were ended, by what was wrong.', ({ counters }) => counters.faults);
}
