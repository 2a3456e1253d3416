import type { FastifyInstance } from 'fastify';
import { foreignness, type HostRule } from '../core/host-rule.ts';

/** Refuses requests that web pages of other sites send to a server that trusts its own machine; see the rule. */
export function guardHost(app: FastifyInstance, hostNames: readonly string[], origins: readonly string[] = []): void {
  const rule: HostRule = { names: new Set(hostNames.map((name) => name.toLowerCase())), origins: new Set(origins) };
  app.addHook('onRequest', async (request) => {
    const problem = foreignness(request, rule);
    if (problem !== undefined) throw problem;
  });
}
