import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { version } from '../core/version.ts';
import { problemMediaType, problemSchema } from './problem-answer.ts';

/** Describes the API (OpenAPI 3.1) from the schemas that validate it, at `/openapi.json`, and shows it at `/docs`, offline. Call before any route. */
export async function describeApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Weir',
        version,
        description: 'Weir measures the flow of a network. Errors are RFC 9457 problems; `GET /problems` lists their kinds.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: { schemas: { Problem: problemSchema } },
      tags: [{ name: 'server', description: 'The server itself: root, probes, metrics, description.' }],
    },
    transformObject: (document) => ('openapiObject' in document ? withProblems(document.openapiObject) : document.swaggerObject),
  });
  const config = { role: 'viewer' } as const;
  const schema = { tags: ['server'], summary: 'This description (OpenAPI 3.1)' };
  let text: string | undefined;
  app.get('/openapi.json', { schema, config }, async (_request, reply) => {
    text ??= JSON.stringify(app.swagger());
    return reply.type('application/json').send(text);
  });
  await app.register(async (docs) => {
    // The routes of swagger-ui know nothing of roles, and their query strings are their own.
    docs.addHook('onRoute', (route) => {
      route.config = { ...route.config, role: 'viewer' };
    });
    await docs.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: true,
      uiConfig: { docExpansion: 'list', deepLinking: true },
      theme: { title: 'Weir: HTTP reference' },
    });
  });
}

/** Any operation may end in a problem; saying so once here spares each route its own copy. */
function withProblems<Description extends { paths?: object | undefined }>(description: Description): Description {
  const content = { [problemMediaType]: { schema: { $ref: '#/components/schemas/Problem' } } };
  const paths: object[] = Object.values(description.paths ?? {});
  for (const operation of paths.flatMap((path): { responses?: object }[] => Object.values(path))) {
    if (operation.responses !== undefined)
      operation.responses = { ...operation.responses, default: { description: 'A problem (RFC 9457).', content } };
  }
  return description;
}
