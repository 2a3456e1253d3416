/** When to ask again: by Retry-After (RFC 9110 section 10.2.3), GitHub's rate-limit headers, or after a growing pause; always with an end. */
import { formatDuration } from '../cli/format.ts';
import { Problem } from '../core/problem.ts';
import { bodyOf, type Exchange, type Incoming, type Outgoing, readBody } from './exchange.ts';
import type { Headers } from './header.ts';

export type RetryOptions = {
  /** Attempts after the first; 0: none. */
  retries: number;
  /** Seconds that one pause may take; a longer one is told, not waited for. */
  longestPause: number;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Waits so many milliseconds. */
  pause: (milliseconds: number) => Promise<void>;
  /** Told before each pause. */
  onPause: (text: string) => void;
};

/** An exchange that tries again while that is of use and allowed. The answer of the last attempt is the answer. */
export function retrying(exchange: Exchange, options: RetryOptions): Exchange {
  return async (request) => {
    for (let attempt = 0; ; attempt++) {
      const { answer, fault } = await attemptOf(exchange, request);
      const reason = answer ? reasonOf(answer) : 'the connection broke';
      const seconds = answer ? pauseAfter(request, answer, attempt, options.now()) : breakPause(request, fault, attempt);
      if (seconds === undefined || attempt >= options.retries) return orThrow(answer, fault);
      if (seconds > options.longestPause) {
        if (answer && isLimited(answer)) throw limitProblem(request, answer, seconds);
        return orThrow(answer, fault);
      }
      options.onPause(`${request.url.host}: ${reason}; again in ${formatDuration(seconds)} (${attempt + 1} of ${options.retries})`);
      answer?.abandon();
      await options.pause(seconds * 1000);
    }
  };
}

type Attempt = { answer?: Incoming; fault?: unknown };

async function attemptOf(exchange: Exchange, request: Outgoing): Promise<Attempt> {
  try {
    const answer = await exchange(request);
    // Only its text tells GitHub's second kind of limit from a plain refusal.
    return { answer: answer.status === 403 ? await heldIn(answer) : answer };
  } catch (fault) {
    return { fault };
  }
}

function orThrow(answer: Incoming | undefined, fault: unknown): Incoming {
  if (answer === undefined) throw fault;
  return answer;
}

const largestRefusal = 64 * 1024;

async function heldIn(answer: Incoming): Promise<Incoming> {
  const bytes = (await readBody(answer, largestRefusal)) ?? Buffer.alloc(0);
  const limit = /secondary rate limit|abuse detection/i.test(bytes.toString()) ? { 'x-weir-secondary-limit': '1' } : {};
  return { ...answer, headers: { ...answer.headers, ...limit }, body: bodyOf(bytes) };
}

/** True when an answer says that there were too many requests: 429, or a 403 in the manner of GitHub. */
export const isLimited = ({ status, headers }: { status: number; headers: Headers }): boolean =>
  status === 429 ||
  (status === 403 &&
    (headers['retry-after'] !== undefined || headers['x-ratelimit-remaining'] === '0' || 'x-weir-secondary-limit' in headers));

/** Seconds to wait before the next attempt; undefined when there should be none. */
function pauseAfter(request: Outgoing, { status, headers }: Incoming, attempt: number, now: number): number | undefined {
  const isOverload = status === 500 || status === 502 || status === 503 || status === 504;
  const isRefused = isLimited({ status, headers });
  // Whoever refused for the number of requests did nothing, so everything may be sent again; after a fault only what may be done twice.
  if (!isRefused && !(isOverload && isRepeatable(request))) return undefined;
  return (
    readRetryAfter(headers['retry-after'], now) ?? untilReset(headers, now) ?? ('x-weir-secondary-limit' in headers ? 60 : growing(attempt))
  );
}

const isRepeatable = ({ method, headers }: Outgoing): boolean =>
  ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'].includes(method) || headers['idempotency-key'] !== undefined;

const breakPause = (request: Outgoing, fault: unknown, attempt: number): number | undefined =>
  fault instanceof Problem && fault.facts?.isBroken === true && isRepeatable(request) ? growing(attempt) : undefined;

/** 1, 2, 4, … seconds, up to a fifth more or less so that many clients do not come back at once. */
const growing = (attempt: number): number => 2 ** attempt * (0.8 + Math.random() * 0.4);

function readRetryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text);
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - now) / 1000);
}

// GitHub counts in seconds since 1970; others send the seconds that are left.
function untilReset(headers: Headers, now: number): number | undefined {
  const text = headers['x-ratelimit-reset'];
  if (headers['x-ratelimit-remaining'] !== '0' || text === undefined || !/^\d{1,12}$/.test(text)) return undefined;
  const reset = Number(text);
  const seconds = reset > 1e9 ? reset - now / 1000 : reset;
  // A second more than told: the clocks of both machines are not the same.
  return Math.max(0, seconds) + 1;
}

const reasonOf = (answer: Incoming): string => (isLimited(answer) ? `too many requests (${answer.status})` : `status ${answer.status}`);

const limitProblem = ({ url }: Outgoing, { headers, abandon }: Incoming, seconds: number): Problem => {
  abandon();
  const limit = headers['x-ratelimit-limit'];
  return new Problem('exhausted', `${url.host} takes no more requests for ${formatDuration(seconds)}`, {
    ...(limit !== undefined && { detail: `its limit is ${limit}` }),
    hint: '--max-wait SECONDS waits longer; a token (GITHUB_TOKEN, --token-env) has a higher limit as a rule',
    facts: { seconds: Math.ceil(seconds) },
  });
};
