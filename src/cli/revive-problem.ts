import { STATUS_CODES } from 'node:http';
import { Problem, type ProblemCode, problemCodes } from '../core/problem.ts';

/** The Problem in an error answer: of `application/problem+json` all parts, of anything else the status and its first words. */
export function reviveProblem(status: number, text: string): Problem {
  const body = parseObject(text);
  const code = typeof body?.code === 'string' && body.code in problemCodes ? (body.code as ProblemCode) : codeOfStatus(status);
  if (typeof body?.title !== 'string') {
    return new Problem(code, `the server answered ${status} ${STATUS_CODES[status] ?? ''}`.trim(), {
      detail: text.slice(0, 200).trim(),
      ...(status === 401 && { hint: 'weir login' }),
    });
  }
  // Facts stand beside the members of RFC 9457, as section 3.2 has it.
  const { type: _type, title, status: _status, code: _code, detail, hint, pointer, instance: _instance, ...facts } = body;
  const parts = Object.entries({ detail, hint, pointer }).filter(([, value]) => typeof value === 'string');
  return new Problem(code, title as string, { ...Object.fromEntries(parts), facts });
}

function codeOfStatus(status: number): ProblemCode {
  const found = Object.entries(problemCodes).find(([, { status: known }]) => known === status);
  if (found) return found[0] as ProblemCode;
  if (status >= 502 && status <= 504) return 'unavailable';
  return status < 500 ? 'invalid' : 'internal';
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // not JSON: the caller shows the text itself
  }
}
