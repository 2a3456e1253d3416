import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client';
import type { RoomRoutes } from '../core/http.ts';

/** Seconds: from an answer out of memory to a long export. */
const buckets = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600];

/** Counts and times every request by route template (never by path: paths are endless). */
export function installMetrics(app: FastifyInstance, registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: 'weir_http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer, streams included.',
    labelNames: ['route', 'method', 'status'],
    buckets,
    registers: [registry],
  });
  const inFlight = new Gauge({ name: 'weir_http_requests_in_flight', help: 'Requests whose answer has not ended.', registers: [registry] });
  // By labels: prom-client sorts them and makes a text of them each time, which this does once for each answer of a route.
  const timers = new Map<string, Histogram.Internal<'route' | 'method' | 'status'>>();
  const timerOf = (route: string, method: string, status: number) => {
    const key = `${status} ${method} ${route}`;
    const timer = timers.get(key) ?? duration.labels({ route, method, status });
    timers.set(key, timer);
    return timer;
  };
  // The end of the raw answer, not onResponse: a client that hangs up ends its request too.
  app.addHook('onRequest', async (request, reply) => {
    inFlight.inc();
    reply.raw.once('close', () => {
      inFlight.dec();
      const route = request.routeOptions.url ?? 'none';
      timerOf(route, request.method, reply.raw.statusCode).observe(reply.elapsedTime / 1000);
      request.log.debug(
        { method: request.method, url: request.url, status: reply.raw.statusCode, ms: Math.round(reply.elapsedTime) },
        'answered',
      );
    });
  });
}

/** The registry in the text form that Prometheus scrapes. */
export function metricsRoutes(registry: Registry): RoomRoutes {
  return async (app) => {
    const schema = { tags: ['server'], summary: 'Metrics in the text form of Prometheus', produces: ['text/plain'] };
    app.get('/metrics', { schema, config: { role: 'viewer', surface: 'metrics' } }, async (_request, reply) => {
      reply.type(registry.contentType);
      return registry.metrics();
    });
  };
}
