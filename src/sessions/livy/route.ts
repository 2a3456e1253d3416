import type { RouteShorthandOptions } from 'fastify';

/** What a part of the wire needs to register its routes: the prefix, and the options of routes that read and that act. */
export type LivyRoute = {
  base: string;
  read(summary: string, query?: readonly string[]): RouteShorthandOptions;
  act(summary: string): RouteShorthandOptions;
};
