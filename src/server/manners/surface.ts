import type { FastifyRequest } from 'fastify';

/** Protocols that come from elsewhere, which keep their own manners and have none of the house. */
const foreign: ReadonlySet<string | undefined> = new Set(['etcd-v2', 'livy']);

/** True for etcd's v2 API and for Livy's. */
export const isForeignWire = ({ routeOptions }: FastifyRequest): boolean => foreign.has(routeOptions.config.surface);
