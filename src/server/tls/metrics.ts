import type { Server } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Tls } from './tls.ts';

/** Registers what is counted about TLS; `tls` is asked at each scrape, and undefined where `server` speaks plain HTTP. */
export function registerTlsMetrics(registry: Registry, server: Server, tls: Tls | undefined): void {
  new Gauge({
    name: 'weir_tls_certificate_expiry_seconds',
    help: 'When the certificate in use expires, in seconds since the epoch.',
    registers: [registry],
    collect() {
      if (tls !== undefined) this.set(tls.facts.until / 1000);
    },
  });
  new Gauge({
    name: 'weir_tls_alarms',
    help: 'What is wrong with the certificate: near or past its end, or a new one that could not be taken.',
    registers: [registry],
    collect() {
      this.set(tls?.warnings().length ?? 0);
    },
  });
  new Counter({
    name: 'weir_tls_reloads_total',
    help: 'Changes of the certificate while the server ran, taken (`done`) or not (`failed`).',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      this.reset();
      for (const outcome of ['done', 'failed'] as const) this.inc({ outcome }, tls?.reloads[outcome] ?? 0);
    },
  });
  const handshakes = new Counter({
    name: 'weir_tls_handshakes_total',
    help: 'TLS connections by version and protocol; those that did not come about have the protocol `failed`.',
    labelNames: ['version', 'protocol'],
    registers: [registry],
  });
  server.on('secureConnection', (socket: TLSSocket) =>
    handshakes.inc({ version: socket.getProtocol() ?? 'none', protocol: socket.alpnProtocol || 'none' }),
  );
  server.on('tlsClientError', () => handshakes.inc({ version: 'none', protocol: 'failed' }));
}
