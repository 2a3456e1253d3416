import type { FastifyInstance } from 'fastify';

/**
 * Tells browsers to insist on HTTPS for this host name (RFC 6797). It holds for all ports of the name, so nobody gets it who
 * did not ask; subdomains, which may be other machines, are left alone.
 */
export function installHsts(app: FastifyInstance, maxAgeMs: number): void {
  const value = `max-age=${Math.floor(maxAgeMs / 1000)}`;
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('strict-transport-security', value);
    done();
  });
}
