import type { FastifyInstance, RouteOptions } from 'fastify';
import { Type } from 'typebox';
import type { Role, RouteFacts } from '../core/http.ts';

/** One route as it was registered: its path template (`/api/v1/flows/:id`), method, role and the rest it declared. */
export type Route = { path: string; method: string; readonly role: Role | undefined; readonly facts: RouteFacts; isHidden: boolean };

/** The routes of the app, growing while plugins register; complete when the app is built. */
export type RouteTable = { routes: Route[] };

const noParameters = Type.Object({}, { additionalProperties: false });

/** Records every route from here on, and closes its query: a parameter that the schema does not name is an error, not a silent no-op. */
export function installRouteTable(app: FastifyInstance): RouteTable {
  const table: RouteTable = { routes: [] };
  app.addHook('onRoute', (route) => {
    closeQuery(route);
    for (const method of [route.method].flat()) table.routes.push(entryOf(route, method));
  });
  app.decorate('routeTable', table);
  return table;
}

// Read late: a plugin around the route may still add to its config after this hook has run.
function entryOf(route: RouteOptions, method: string): Route {
  return {
    path: route.url,
    method,
    get facts() {
      return (route.config ?? {}) as RouteFacts;
    },
    get role() {
      return this.facts.role;
    },
    isHidden: route.schema?.hide === true,
  };
}

function closeQuery(route: RouteOptions): void {
  const query = route.schema?.querystring as { properties?: object; additionalProperties?: unknown } | undefined;
  if (query === undefined) route.schema = { ...route.schema, querystring: noParameters };
  else if (query.properties !== undefined && query.additionalProperties === undefined) query.additionalProperties = false;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route of the app, for the root page, the method answers and the tests. */
    routeTable: RouteTable;
  }
  interface FastifySchema {
    hide?: boolean;
  }
}
