import type { FastifyError, FastifyRequest } from 'fastify';
import { Problem } from '../core/problem.ts';

/** The types of bodies that a route reads; undefined where it reads any, or none. */
function typesOf({ routeOptions }: FastifyRequest): readonly string[] | undefined {
  const { consumes, body } = (routeOptions.schema ?? {}) as { consumes?: readonly string[]; body?: unknown };
  return consumes ?? (body === undefined ? undefined : ['application/json']);
}

/** What Fastify refuses of a body, with what this route takes instead; undefined for any other error. */
export function refusalOfBody(error: unknown, request: FastifyRequest): Problem | undefined {
  const { code } = error as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return tooLarge(request, error);
  return code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE' ? foreignType(request, error) : undefined;
}

function tooLarge({ routeOptions, headers }: FastifyRequest, cause: unknown): Problem {
  const got = headers['content-length'];
  return new Problem('too-large', 'The body is larger than this route takes.', {
    detail: `expected at most ${routeOptions.bodyLimit} octets${got === undefined ? '' : `, got ${got}`}`,
    cause,
  });
}

function foreignType(request: FastifyRequest, cause: unknown): Problem {
  const types = typesOf(request);
  const got = request.headers['content-type']?.slice(0, 200) ?? 'none';
  return new Problem('unsupported-media', 'This route does not take bodies of that Content-Type.', {
    detail: `${types === undefined ? '' : `expected ${types.join(' or ')}, `}got ${got}`,
    pointer: 'content-type',
    ...(types !== undefined && { facts: { accept: types } }),
    cause,
  });
}
