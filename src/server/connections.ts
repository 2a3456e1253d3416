import type { Server, Socket } from 'node:net';
import { Counter, Gauge, type Registry } from 'prom-client';

/** How long the connections of a server may take; times in milliseconds, sizes in octets. */
export type ConnectionTimes = {
  headerLimit: number;
  headerTimeout: number;
  keepAliveTimeout: number;
  idleTimeout: number;
};

/** How many connections there may be. */
export type ConnectionLimits = {
  /** At once. */
  total: number;
  /** At once from one address; 0 for any number. */
  perAddress: number;
  /** True for addresses that are not counted: this machine's, and proxies, which bring many clients. */
  isExempt(address: string): boolean;
};

/** Limits the connections of a server, and registers how many there are. */
export function installConnections(server: Server, limits: ConnectionLimits, registry: Registry): void {
  new Gauge({
    name: 'weir_http_connections',
    help: 'Open connections, plain or TLS.',
    registers: [registry],
    async collect() {
      this.set(await new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count ?? 0))));
    },
  });
  const refused = new Counter({
    name: 'weir_http_connections_refused_total',
    help: 'Connections closed at once: more than `server.maxConnections` (total) or `server.maxConnectionsPerAddress` (address).',
    labelNames: ['reason'],
    registers: [registry],
  });
  limitConnections(server, limits, (reason) => refused.inc({ reason }));
}

/** Closes connections beyond the limits, before anything of them is read; even a handshake of TLS costs more than that. */
export function limitConnections(
  server: Server,
  { total, perAddress, isExempt }: ConnectionLimits,
  onRefused: (reason: 'total' | 'address') => void,
): void {
  server.maxConnections = total;
  server.on('drop', () => onRefused('total'));
  if (perAddress === 0) return;
  const open = new Map<string, number>();
  // In front of the listener that begins to read, or to shake hands.
  server.prependListener('connection', (socket: Socket) => {
    const address = socket.remoteAddress;
    if (address === undefined || isExempt(address)) return;
    const count = (open.get(address) ?? 0) + 1;
    if (count > perAddress) {
      onRefused('address');
      socket.destroy();
      return;
    }
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
  });
}
