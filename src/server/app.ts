import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerFactory,
} from 'fastify';
import type { Registry } from 'prom-client';
import { isThisMachine } from '../access/index.ts';
import type { Clock } from '../core/clock.ts';
import type { RoomRoutes } from '../core/http.ts';
import { acceptRequestId, createIds } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { Tree } from '../keys/index.ts';
import { installBodyDeadline } from './body-deadline.ts';
import type { ServerConfig } from './config.ts';
import { type ConnectionLimits, installConnections } from './connections.ts';
import { type Door, installDoor, thisMachineOnly } from './door.ts';
import { installErrors, refuseBrokenRequest, sendProblem } from './errors.ts';
import { healthRoutes, type ReadyCheck } from './health.ts';
import { guardHost } from './host-guard.ts';
import { installManners, installMannersOfAll } from './manners/index.ts';
import { endStreamsOfHead, installMethods } from './methods.ts';
import { installMetrics, metricsRoutes } from './metrics.ts';
import { describeApi } from './openapi.ts';
import { installPretty } from './pretty.ts';
import { problemOf } from './problem-answer.ts';
import { problemRoutes } from './problem-pages.ts';
import { RequestLog } from './request-log.ts';
import { rootRoutes } from './root.ts';
import { installRouteTable } from './route-table.ts';
import { installSecurityHeaders } from './security-headers.ts';
import { compileSerializer } from './serialization.ts';
import { installHsts } from './tls/hsts.ts';
import type { Tls } from './tls/index.ts';
import { registerTlsMetrics } from './tls/metrics.ts';
import { createSecureServer } from './tls/secure-server.ts';
import { compileValidator } from './validation.ts';

/** A room as the app sees it: its name and its routes. */
export type AppRoom = { name: string; routes: RoomRoutes };

/** What the app needs: settings, the log, the clock, where metrics are registered, the rooms, and what decides that it is ready. */
export type AppDependencies = {
  log: Log;
  clock: Clock;
  metrics: Registry;
  rooms: readonly AppRoom[];
  ready: readonly ReadyCheck[];
  /** Aborts when the server begins to stop. */
  closing: AbortSignal;
  /** True while only this machine can reach the server by TCP: then names in `Host` and `Origin` are checked. */
  isLoopback: boolean;
  /** The certificate, for a server that speaks HTTPS. */
  tls?: Tls | undefined;
  /** Who decides about callers; without one only this machine may come in. */
  door?: Door | undefined;
  /** Where the server keeps what it has to remember; without one it remembers nothing. */
  tree?: Tree | undefined;
};

/** Builds the one Fastify app from the rooms; it listens nowhere yet. Order matters: hooks first, rooms, then the answers for what is left. */
export async function buildApp(config: ServerConfig, deps: AppDependencies): Promise<FastifyInstance> {
  const app = createFastify(config, deps);
  app.decorate('closing', deps.closing);
  app.setValidatorCompiler(compileValidator);
  app.setSerializerCompiler(compileSerializer);
  const routes = installRouteTable(app);
  installErrors(app);
  installSecurityHeaders(app);
  if (config.tls.hsts > 0) installHsts(app, config.tls.hsts);
  installMannersOfAll(app, config);
  if (deps.isLoopback) guardHost(app, config.hostNames, config.cors);
  const { door = thisMachineOnly } = deps;
  installDoor(app, { door, isOpenToAll: config.insecureListen });
  installManners(app, config, { clock: deps.clock, door, tree: deps.tree });
  endStreamsOfHead(app);
  installMetrics(app, deps.metrics);
  installConnections(app.server, connectionLimits(config, deps.door), deps.metrics);
  registerTlsMetrics(deps.metrics, app.server, deps.tls);
  installBodyDeadline(app, config.requestTimeout);
  if (config.pretty) installPretty(app);
  await describeApi(app);
  await app.register(healthRoutes({ ...deps, warnings: () => deps.tls?.warnings() ?? [] }));
  await app.register(metricsRoutes(deps.metrics));
  await app.register(problemRoutes);
  await app.register(rootRoutes(routes, deps));
  for (const { routes: plugin } of deps.rooms) await app.register(plugin);
  installMethods(app, routes);
  return app;
}

function createFastify(config: ServerConfig, { log, tls }: AppDependencies): FastifyInstance {
  const makeId = createIds();
  return Fastify({
    loggerInstance: log.child({}) as FastifyBaseLogger,
    logController: new Fastify.LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    childLoggerFactory: (log, bindings, options) => new RequestLog(log, bindings, options),
    genReqId: (request) => acceptRequestId(request.headers['x-request-id'], makeId),
    clientErrorHandler: refuseBrokenRequest,
    frameworkErrors: (error, request, reply) =>
      void sendProblem(reply as FastifyReply, request as FastifyRequest, problemOf(error, request.id)),
    bodyLimit: config.bodyLimit,
    // Node's own requestTimeout would cut long imports; body-deadline.ts does this by route.
    requestTimeout: 0,
    keepAliveTimeout: config.keepAliveTimeout,
    connectionTimeout: config.idleTimeout,
    forceCloseConnections: 'idle',
    // While it drains the server still answers what arrives on open connections; /readyz tells balancers to go elsewhere.
    return503OnClosing: false,
    ...(tls !== undefined && { serverFactory: secureServers(tls, config) }),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 512 },
    http: {
      maxHeaderSize: config.headerLimit,
      headersTimeout: config.headerTimeout,
      // How often Node looks for slow headers; its default of 30 s would make a limit of 10 s one of 40.
      connectionsCheckingInterval: Math.min(1000, config.headerTimeout),
    },
  });
}

/** What makes Fastify's server where it speaks HTTPS. */
const secureServers =
  (tls: Tls, config: ServerConfig): FastifyServerFactory =>
  (handler) =>
    createSecureServer({ tls, limits: config, hasHttp2: config.tls.http2 }, handler);

// Behind a proxy all clients have its address, and whoever is on this machine has other ways to be a nuisance.
function connectionLimits({ maxConnections, maxConnectionsPerAddress }: ServerConfig, door: Door | undefined): ConnectionLimits {
  const isProxy = (address: string) => door !== undefined && door.addressOf(address, anyAddress) === anyAddress;
  return {
    total: maxConnections,
    perAddress: maxConnectionsPerAddress,
    isExempt: (address) => isThisMachine(address) || isProxy(address),
  };
}

/** An address of nobody (RFC 5737): the door believes it from a trusted proxy only. */
const anyAddress = '192.0.2.1';
