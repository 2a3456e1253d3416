/** What a status of 400 and above means for whoever called: one sentence, and an exit code by its class. */
import { STATUS_CODES } from 'node:http';
import { reviveProblem } from '../cli/revive-problem.ts';
import { Problem, type ProblemCode, problemCodes } from '../core/problem.ts';
import { type Incoming, readBody } from './exchange.ts';
import { mediaTypeOf } from './header.ts';
import { isLimited } from './retry.ts';

const largestRefusal = 1 << 20;

/** The Problem of an answer: the server's own words where it sent a problem document (RFC 9457) or GitHub's `message`. */
export async function refusalOf(answer: Incoming): Promise<Problem> {
  const text = (await readBody(answer, largestRefusal).catch(() => undefined))?.toString('utf8') ?? '';
  const { status, url } = answer;
  // A Weir's own problem is told as if it were ours.
  if (mediaTypeOf(answer.headers) === 'application/problem+json' && /"code"\s*:\s*"[a-z-]+"/.test(text)) return reviveProblem(status, text);
  const code = codeOf(answer);
  const words = readWords(text);
  const name = `${url.host} answered ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd();
  const { title, detail, hint } = words ?? { title: undefined, detail: text.slice(0, 200).trim(), hint: undefined };
  return new Problem(code, title === undefined || title === STATUS_CODES[status] ? name : `${name}: ${title}`, {
    ...(detail ? { detail } : {}),
    ...(hint !== undefined
      ? { hint }
      : status === 401
        ? { hint: 'GITHUB_TOKEN for GitHub, --token-env NAME for others, weir login for a Weir' }
        : {}),
    facts: { status },
  });
}

function codeOf(answer: Incoming): ProblemCode {
  const { status } = answer;
  if (isLimited(answer)) return 'exhausted';
  if (status >= 500) return 'unavailable'; // not a fault of ours, so no trace of it either
  const known = Object.entries(problemCodes).find(([, { status: one }]) => one === status);
  return known ? (known[0] as ProblemCode) : 'invalid';
}

type Words = { title: string | undefined; detail: string | undefined; hint: string | undefined };

function readWords(text: string): Words | undefined {
  let body: Record<string, unknown>;
  try {
    body = Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return undefined; // not JSON: the caller shows the text itself
  }
  const word = (...names: string[]): string | undefined =>
    names.map((name) => body[name]).find((value) => typeof value === 'string') as string | undefined;
  const errors = Array.isArray(body.errors) ? body.errors.slice(0, 10).map(errorLine) : [];
  const detail = [word('detail'), ...errors].filter((line) => line !== undefined).join('\n');
  const title = word('title', 'message', 'error');
  return title === undefined && detail === '' ? undefined : { title, detail, hint: word('hint', 'documentation_url') };
}

// GitHub: `{resource, field, code, message}`, or a plain text.
function errorLine(error: unknown): string {
  if (typeof error === 'string') return error;
  const { field, message, code } = Object(error) as { field?: unknown; message?: unknown; code?: unknown };
  return [field, message ?? code].filter((part) => typeof part === 'string').join(': ') || JSON.stringify(error);
}
