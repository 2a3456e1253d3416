import { Type } from 'typebox';
import type { RoomRoutes } from '../core/http.ts';
import { Problem, type ProblemCode, problemCodes } from '../core/problem.ts';

/** What each code means to the person who gets it, and what to do. The reference page of errors says the same. */
export const problemMeanings: Record<ProblemCode, string> = {
  invalid: 'The request says something that cannot be understood. `detail` tells what was expected and what was got, `pointer` where.',
  unauthenticated: 'It needs a login, or the token is not valid (any more). `weir login` gives a new one.',
  denied: 'This caller may not do that. Use another account, or another address.',
  'not-found': 'What was asked for is not here, or not any more.',
  'method-not-allowed': 'The path exists, but not for this method. The header `Allow` lists those that work.',
  'not-acceptable': 'No form of the answer fits the `Accept` header or the `format` that was asked for.',
  timeout: 'The request took too long to arrive. Send it again, faster or in smaller parts.',
  conflict: 'Something else stands in the way: a name that is taken, content that is already stored, a change made meanwhile.',
  gone: 'It was here and has been removed for good.',
  'precondition-failed':
    'It is not as the header `If-Match` expects: somebody changed it meanwhile. Read it again and decide with what is there now.',
  'too-large': 'The request, its headers or the answer asked for is larger than the limit that `detail` names.',
  'unsupported-media': 'The body is in a form that this route does not read. See its Content-Type in the API description.',
  unprocessable: 'The body is well-formed, but its content cannot be processed. `facts` beside the title say where it failed.',
  'precondition-required':
    'This may only be changed by somebody who says which version he has seen. Read it, then send `If-Match` with its ETag.',
  exhausted: 'A limit is reached for now. Wait as long as `Retry-After` says.',
  internal: 'A fault in Weir. Its log has the whole story under the `requestId`; please report it.',
  unavailable: 'Weir cannot do that at this moment. Wait as long as `Retry-After` says and try again.',
};

const kind = Type.Object({
  code: Type.String(),
  status: Type.Integer({ description: 'The usual HTTP status.' }),
  exitCode: Type.Integer({ description: 'What the command line exits with.' }),
  meaning: Type.String(),
});

/** `/problems` and `/problems/{code}`: what the `type` of an error points to (RFC 9457 section 3.1.1), readable where the error occurred. */
export const problemRoutes: RoomRoutes = async (app) => {
  const tags = ['server'];
  const config = { role: 'open' } as const;
  app.get(
    '/problems',
    { config, schema: { tags, summary: 'The kinds of errors', response: { 200: Type.Object({ problems: Type.Array(kind) }) } } },
    async () => ({ problems: (Object.keys(problemCodes) as ProblemCode[]).map(describeKind) }),
  );
  app.get(
    '/problems/:code',
    { config, schema: { tags, summary: 'One kind of error', params: Type.Object({ code: Type.String() }), response: { 200: kind } } },
    async ({ params: { code } }) => {
      if (!Object.hasOwn(problemCodes, code))
        throw new Problem('not-found', `There is no kind of error "${code}".`, { hint: 'GET /problems lists them' });
      return describeKind(code as ProblemCode);
    },
  );
};

function describeKind(code: ProblemCode) {
  const { status, exit } = problemCodes[code];
  return { code, status, exitCode: exit, meaning: problemMeanings[code] };
}
