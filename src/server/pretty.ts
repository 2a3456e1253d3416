import type { FastifyInstance } from 'fastify';
import { indentJson } from '../core/json-text.ts';

/** Longer answers stay compact: nobody reads them on a terminal, and indenting holds up the loop. */
const longest = 256 * 1024;

/** Indents JSON answers for clients that take anything (curl sends a bare `Accept: *` `/*`); streams are never touched. */
export function installPretty(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (request.headers.accept !== '*/*' || typeof payload !== 'string' || payload.length > longest) return payload;
    const type = String(reply.getHeader('content-type') ?? '');
    if (!/^application\/(?:[\w.-]+\+)?json\b/.test(type) || reply.hasHeader('content-length')) return payload;
    return indentJson(payload);
  });
}
