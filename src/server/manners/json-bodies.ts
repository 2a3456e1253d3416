import type { FastifyInstance } from 'fastify';
import { parseStrictJson } from '../../core/strict-json.ts';

/**
 * JSON bodies are read strictly, and no route takes text without asking for it: what is no JSON is 415 and not a member that is
 * not as expected.
 */
export function installJsonBodies(app: FastifyInstance): void {
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseStrictJson(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}
