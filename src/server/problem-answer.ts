import type { FastifyError } from 'fastify';
import { Type } from 'typebox';
import { Problem, type ProblemCode, problemCodes } from '../core/problem.ts';

/** The media type of every error (RFC 9457 section 6.1). */
export const problemMediaType = 'application/problem+json';

/** An error as the client sees it: the status of the answer and its body (RFC 9457 section 3.1, plus members of ours). */
export type ProblemAnswer = { status: number; body: ProblemBody };

/** The members of a problem body; facts of the particular problem may stand beside them. */
export const problemSchema = Type.Object(
  {
    type: Type.String({ format: 'uri-reference', description: 'Leads to what this kind of problem means.' }),
    title: Type.String({ description: 'What is wrong, or what to do, in one sentence.' }),
    status: Type.Integer(),
    code: Type.String({ description: 'The kind of problem, for programs.' }),
    detail: Type.Optional(Type.String({ description: 'Expected, got, and where.' })),
    hint: Type.Optional(Type.String({ description: 'What mends it.' })),
    pointer: Type.Optional(Type.String({ description: 'The parameter, or the RFC 6901 pointer into the body.' })),
    instance: Type.Optional(Type.String({ format: 'uri-reference', description: 'The path that was asked for.' })),
    requestId: Type.Optional(Type.String({ description: 'Names this request in the log.' })),
  },
  { description: 'An error (RFC 9457).' },
);

export type ProblemBody = Record<string, unknown>;

/** Where an error happened: the path of the request (no query: it may hold secrets) and its id. */
export type ProblemPlace = { url: string; id: string };

/** Translates a problem for HTTP; `status` overrides the usual one of its code. */
export function answerProblem(problem: Problem, place: ProblemPlace, status: number = problemCodes[problem.code].status): ProblemAnswer {
  const { code, title, detail, hint, pointer, facts } = problem;
  const instance = place.url.split('?', 1)[0] ?? place.url;
  const standard = { type: `/problems/${code}`, title, status, code, detail, hint, pointer, instance, requestId: place.id };
  // What a form or a schema finds may be more than one thing: programs look for the list, whoever filled it.
  const errors = status === 422 && { errors: [{ pointer: pointer ?? '', detail: detail ?? title }] };
  return { status, body: { ...errors, ...facts, ...standard } };
}

/** What Fastify itself throws (bad JSON, body too large ...) as a problem; anything unknown becomes `internal`, without its words. */
export function problemOf(error: unknown, requestId: string): Problem {
  if (error instanceof Problem) return error;
  const { code, statusCode, message } = error as Partial<FastifyError>;
  const known = frameworkProblems[code ?? ''];
  if (known !== undefined) return new Problem(known.code, known.title, { ...(known.detail && { detail: known.detail }), cause: error });
  // Only framework errors carry FST_ codes: their words are written for clients. Other errors may hold anything.
  if (code?.startsWith('FST_') && statusCode !== undefined && statusCode < 500) {
    return new Problem(codeOfStatus(statusCode), message ?? 'The request was refused.', { cause: error });
  }
  return new Problem('internal', `Something went wrong inside Weir; its log tells more under request ${requestId}.`, { cause: error });
}

const frameworkProblems: Record<string, { code: ProblemCode; title: string; detail?: string }> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'invalid', title: 'The body is empty although its Content-Type says application/json.' },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'invalid', title: 'The body is not valid JSON.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'invalid', title: 'The body is not as long as its Content-Length says.' },
  FST_ERR_BAD_URL: { code: 'invalid', title: 'The path of the request is not validly percent-encoded.' },
  FST_ERR_HANDLER_TIMEOUT: { code: 'unavailable', title: 'The answer took longer than this server allows.' },
};

/** The problem code whose usual status this is; `invalid` for other 4xx and `internal` for the rest. */
export function codeOfStatus(status: number): ProblemCode {
  for (const [code, { status: usual }] of Object.entries(problemCodes)) if (usual === status) return code as ProblemCode;
  return status >= 400 && status < 500 ? 'invalid' : 'internal';
}
