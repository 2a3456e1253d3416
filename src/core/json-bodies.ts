import type { FastifyInstance } from 'fastify';
import { parseStrictJson } from './strict-json.ts';

/** Bodies of these types are JSON that is read strictly, by the routes of this plugin. */
export function readJsonBodies(app: FastifyInstance, types: readonly string[]): void {
  app.addContentTypeParser([...types], { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseStrictJson(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}
