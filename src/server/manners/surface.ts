import type { FastifyRequest } from 'fastify';

/** True for etcd's v2 API, which keeps etcd's manners and none of the house. */
export const isForeignWire = ({ routeOptions }: FastifyRequest): boolean => routeOptions.config.surface === 'etcd-v2';
