import type { FastifyInstance } from 'fastify';

/** The version of the REST surface under `/api`, in the header `x-weir-api-version` of every answer. */
export const apiVersion = '1';

/**
 * Headers for every answer. No page of another site may frame, embed or sniff it, and no cache keeps it unless the
 * route says otherwise: flows are private, and they change.
 */
export function installSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, reply, payload) => {
    reply.header('x-weir-api-version', apiVersion);
    reply.header('x-content-type-options', 'nosniff');
    reply.header('referrer-policy', 'no-referrer');
    reply.header('cross-origin-resource-policy', 'same-origin');
    if (!reply.hasHeader('content-security-policy')) reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    return payload;
  });
}
