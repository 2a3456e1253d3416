/** Follows redirects (RFC 9110 section 15.4), and leaves everything that may be a secret behind when one leads elsewhere. */
import { Problem } from '../core/problem.ts';
import { withoutSecrets } from './credentials.ts';
import type { Exchange, Incoming, Outgoing } from './exchange.ts';

const most = 10;

/** An exchange that goes where it is sent, up to ten times. */
export function following(exchange: Exchange): Exchange {
  return async (request) => {
    let current = request;
    for (let hops = 0; ; hops++) {
      const answer = await exchange(current);
      const next = nextOf(current, answer);
      if (next === undefined) return answer;
      answer.abandon();
      if (hops === most)
        throw new Problem('unavailable', `${request.url.host} leads in circles`, { detail: `${most} redirects, the last to ${next.url}` });
      current = next;
    }
  };
}

function nextOf(request: Outgoing, { status, headers }: Incoming): Outgoing | undefined {
  const { location } = headers;
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status)) return undefined;
  const url = URL.canParse(location, request.url.href) ? new URL(location, request.url) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new Problem('unavailable', `${request.url.host} leads nowhere`, { detail: `Location: ${location.slice(0, 200)}` });
  }
  const { method, body, ...same } = request;
  const isElsewhere = url.origin !== request.url.origin;
  const isGet = method === 'GET' || method === 'HEAD';
  // As browsers do: after a 303, and a POST after 301 and 302, the answer is fetched rather than the request repeated.
  const becomesGet = !isGet && (status === 303 || (status < 303 && method === 'POST'));
  if (isElsewhere && !isGet && !becomesGet) {
    throw new Problem('denied', `${request.url.host} wants the request to be sent to ${url.host}`, {
      detail: 'what it writes may not be meant for another server',
      hint: `if it is: the same command with ${url.origin}${url.pathname}`,
    });
  }
  const kept = isElsewhere ? withoutSecrets(same.headers) : same.headers;
  if (becomesGet) {
    const { 'content-type': _, ...headers } = kept;
    return { method: 'GET', url, headers };
  }
  return { ...same, method, url, headers: kept, ...(body !== undefined && { body }) };
}
