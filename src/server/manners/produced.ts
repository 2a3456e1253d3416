import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify';
import { chooseMediaType } from '../../core/media-type.ts';
import { Problem } from '../../core/problem.ts';
import { isForeignWire } from './surface.ts';

/** 406 where `Accept` excludes all that a route can answer (RFC 9110 section 15.5.7), before the route has done anything. */
export function installProduced(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const offers = offersOf(route);
    if (offers !== undefined) route.config = { ...route.config, offers };
  });
  app.addHook('onRequest', (request, _reply, done) => {
    const { accept } = request.headers;
    const { offers } = request.routeOptions.config;
    // What nearly everybody sends needs no weighing.
    if (accept === undefined || accept === '*/*' || accept === offers?.[0] || isForeignWire(request)) return done();
    if (offers === undefined || chooseMediaType(accept, offers) !== undefined) return done();
    done(
      new Problem('not-acceptable', 'This route has no answer of such a type.', {
        detail: `expected Accept to take one of ${offers.join(', ')}, got ${accept.slice(0, 200)}`,
        pointer: 'accept',
      }),
    );
  });
}

/** Media types of the answers that a route describes; undefined where it describes none, or has none to send. */
export function offersOf({ schema, method }: Pick<RouteOptions, 'schema' | 'method'>): readonly string[] | undefined {
  if (method === 'OPTIONS' || schema?.hide === true) return undefined;
  const { produces, response } = (schema ?? {}) as FastifySchema & { produces?: readonly string[]; response?: Record<string, unknown> };
  if (produces !== undefined) return produces;
  const types = Object.entries(response ?? {})
    .filter(([status]) => /^2(?!04)/.test(status))
    .flatMap(([, answer]) => Object.keys((answer as { content?: object }).content ?? { 'application/json': true }));
  return types.length === 0 ? undefined : [...new Set(types)];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Media types that the route can answer with. */
    offers?: readonly string[];
  }
}
