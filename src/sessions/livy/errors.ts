/** Problems in Livy's words: `{"msg": "…"}`, and 4xx for what the caller got wrong. */
import { type Problem, type ProblemCode, problemCodes } from '../../core/problem.ts';

/** These keep their status; what else a caller gets wrong is 400 in Livy. */
const kept: ReadonlySet<ProblemCode> = new Set([
  'unauthenticated',
  'denied',
  'not-found',
  'method-not-allowed',
  'not-acceptable',
  'timeout',
  'too-large',
  'internal',
  'unavailable',
]);

/** The error of a problem as clients of Livy read it: one line. */
export function errorAnswer({ code, title, detail, hint }: Problem): { status: number; body: { msg: string } } {
  const parts = [title, ...(detail === undefined ? [] : [detail]), ...(hint === undefined ? [] : [`(${hint})`])];
  return { status: kept.has(code) ? problemCodes[code].status : 400, body: { msg: parts.join(' ').replace(/\s*\n\s*/g, ' ') } };
}
