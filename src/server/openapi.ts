import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import type { RouteFacts } from '../core/http.ts';
import { type ProblemCode, problemCodes } from '../core/problem.ts';
import { version } from '../core/version.ts';
import { problemMediaType, problemSchema } from './problem-answer.ts';
import { problemMeanings } from './problem-pages.ts';

/** The surface of an operation that belongs to one (OpenAPI 3.1 section 4.9: an extension). */
const surfaceKey = 'x-weir-surface';

/** Describes the API (OpenAPI 3.1) from the schemas that validate it, at `/openapi.json`, and shows it at `/docs`, offline. Call before any route. */
export async function describeApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Weir',
        version,
        description:
          'Weir measures the flow of a network. Errors are RFC 9457 problems; `GET /problems` lists their kinds. All routes take ' +
          '`X-Weir-Api-Version`, `If-None-Match` and, on POST, `Idempotency-Key`; all answers tell the rate limits.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: {
        schemas: { Problem: problemSchema },
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: 'A token of `POST /api/v3/token`, or a personal token. Not needed while no user exists.',
          },
        },
      },
      tags: [{ name: 'server', description: 'The server itself: root, probes, metrics, description.' }],
    },
    transform: ({ schema, url, route }) => {
      const { role, surface } = (route.config ?? {}) as RouteFacts;
      const security = role === 'open' ? [] : [{ bearer: [] }];
      return { schema: { ...schema, security, ...(surface !== undefined && { [surfaceKey]: surface }) }, url };
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
      // The bar on top has another house's sign, and a field for other descriptions.
      theme: { title: 'Weir: HTTP reference', css: [{ filename: 'weir.css', content: '.swagger-ui .topbar { display: none }' }] },
    });
  });
}

type Operation = {
  responses?: Record<string, unknown>;
  requestBody?: unknown;
  parameters?: readonly { in: string }[];
  security?: object[];
};

/** Which problems an operation may end in follows from its shape; saying so once here spares each route its own copy. */
function withProblems<Description extends { paths?: object | undefined; components?: object | undefined }>(
  description: Description,
): Description {
  const paths: [string, Record<string, Operation>][] = Object.entries(description.paths ?? {});
  for (const [, operations] of paths) {
    for (const [method, operation] of Object.entries(operations)) {
      // What etcd's API says is its own.
      if (isForeign(operation)) {
        operation.responses = {
          default: { description: 'What etcd answers: errorCode, message, cause and index.' },
          ...operation.responses,
        };
        continue;
      }
      tellOfSilence(method, operation);
      tellOfHeaders(method, operation);
      const codes = problemsOf(method, operation);
      const usual = Object.fromEntries(codes.map((code) => [String(problemCodes[code].status), reference(code)]));
      operation.responses = { ...usual, default: problemAnswer('Another problem (RFC 9457).'), ...operation.responses };
    }
  }
  const responses = Object.fromEntries(describedCodes.map((code) => [code, problemAnswer(problemMeanings[code])]));
  description.components = { ...description.components, responses, headers };
  return description;
}

/** A route that changes something and describes no answer has none: 204. The generator would have it say 200. */
function tellOfSilence(method: string, operation: Operation): void {
  const { description, content } = (operation.responses?.['200'] ?? {}) as { description?: string; content?: object };
  const isMute = description === 'Default Response' && content === undefined;
  if (method === 'get' || method === 'head' || !isMute) return;
  const { 200: _, ...others } = operation.responses ?? {};
  operation.responses = { 204: { description: 'It is done.' }, ...others };
}

/** Headers that the manners add to every answer of a kind. */
const headers = {
  Link: { description: 'Where to go from here (RFC 8288).', schema: { type: 'string' } },
  ETag: {
    description: 'The version of this answer, for If-None-Match and If-Match; large answers and streams have none.',
    schema: { type: 'string' },
  },
  Location: { description: 'Where it is now.', schema: { type: 'string', format: 'uri-reference' } },
};
const headerReference = (name: keyof typeof headers) => ({ $ref: `#/components/headers/${name}` });

function tellOfHeaders(method: string, operation: Operation): void {
  const responses = (operation.responses ?? {}) as Record<string, { headers?: object } | undefined>;
  const add = (status: string, names: (keyof typeof headers)[]) => {
    const answer = responses[status];
    if (answer !== undefined)
      answer.headers = { ...Object.fromEntries(names.map((name) => [name, headerReference(name)])), ...answer.headers };
  };
  if (method === 'get') {
    for (const status of ['200', '2XX']) add(status, ['Link', 'ETag']);
    operation.responses = { ...responses, 304: { description: 'It is as the client knows it already.' } };
  }
  if (method === 'post') add('201', ['Location', 'Link']);
}

const describedCodes = Object.keys(problemCodes) as ProblemCode[];
const reference = (code: ProblemCode) => ({ $ref: `#/components/responses/${code}` });
const problemAnswer = (text: string) => ({
  description: text,
  content: { [problemMediaType]: { schema: { $ref: '#/components/schemas/Problem' } } },
});

const isForeign = (operation: Operation): boolean => (operation as Record<string, unknown>)[surfaceKey] === 'etcd-v2';

function problemsOf(method: string, { responses = {}, requestBody, parameters = [], security = [] }: Operation): ProblemCode[] {
  if (Object.keys(responses).some((status) => /^4xx$/i.test(status))) return [];
  const codes: ProblemCode[] = ['invalid', 'exhausted'];
  if (security.length > 0) codes.push('unauthenticated', 'denied');
  if (parameters.some((parameter) => parameter.in === 'path')) codes.push('not-found');
  if (Object.keys(responses).some((status) => /^2(?!04)/.test(status))) codes.push('not-acceptable');
  if (requestBody !== undefined) codes.push('too-large', 'unsupported-media', 'unprocessable');
  if (method !== 'get' && method !== 'head') codes.push('conflict');
  if (method === 'put' || method === 'patch' || method === 'delete') codes.push('precondition-failed', 'precondition-required');
  return codes;
}
