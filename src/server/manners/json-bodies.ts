import type { FastifyInstance } from 'fastify';
import { readJsonBodies } from '../../core/json-bodies.ts';

/**
 * JSON bodies are read strictly, and no route takes text without asking for it: what is no JSON is 415 and not a member that is
 * not as expected.
 */
export function installJsonBodies(app: FastifyInstance): void {
  app.removeContentTypeParser(['application/json', 'text/plain']);
  readJsonBodies(app, ['application/json']);
}
