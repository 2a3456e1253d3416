/**
 * The manners of the REST surface: hooks that give every native route what clients of HTTP expect, without the route doing anything.
 * etcd's v2 API keeps etcd's manners. Each module says which standard it follows.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import { headerFields } from '../../core/header-fields.ts';
import type { Tree } from '../../keys/index.ts';
import type { ServerConfig } from '../config.ts';
import type { Door } from '../door.ts';
import { installApiVersion } from './api-version.ts';
import { installConditional } from './conditional.ts';
import { installCors } from './cors.ts';
import { installIdempotency } from './idempotency.ts';
import { installJsonBodies } from './json-bodies.ts';
import { installLinks } from './links.ts';
import { installProduced } from './produced.ts';
import { installRateLimit } from './rate-limit.ts';

/** Those ahead of the door: refusals have manners, too. */
export function installMannersOfAll(app: FastifyInstance, { cors }: ServerConfig): void {
  installCors(app, cors);
  installApiVersion(app);
}

export type MannersDependencies = {
  clock: Clock;
  door: Door;
  /** Where answers are kept for requests that are sent again; without it `Idempotency-Key` counts for nothing. */
  tree: Tree | undefined;
};

/** Those behind the door, in the order in which they look at a request; `pretty` has to come behind them. */
export function installManners(app: FastifyInstance, { rateLimit }: ServerConfig, { clock, door, tree }: MannersDependencies): void {
  const addressOf = ({ raw }: FastifyRequest) =>
    door.addressOf(raw.socket.remoteAddress ?? '', headerFields(raw, 'x-forwarded-for').join(','));
  installRateLimit(app, rateLimit, { clock, addressOf });
  installProduced(app);
  installJsonBodies(app);
  installLinks(app);
  if (tree !== undefined) installIdempotency(app, tree);
  installConditional(app);
}
