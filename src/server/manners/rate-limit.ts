/**
 * How many requests anybody may send, and the headers that tell him: GitHub's five, and those of the IETF's draft
 * (draft-ietf-httpapi-ratelimit-headers). Users are counted by name, whoever is not logged in by address. Each server counts for itself.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import { Problem } from '../../core/problem.ts';
import type { RateLimitConfig } from './config.ts';
import { RateWindow } from './rate-window.ts';
import { isForeignWire } from './surface.ts';

export type RateLimitDependencies = {
  clock: Clock;
  /** Where a request comes from, past trusted proxies. */
  addressOf: (request: FastifyRequest) => string;
};

type Policy = 'user' | 'address' | 'local';

/** Who a request is counted for. */
type Account = { policy: Policy; key: string };

/** Install it right behind the door, which says who asks. */
export function installRateLimit(app: FastifyInstance, config: RateLimitConfig, { clock, addressOf }: RateLimitDependencies): void {
  const window = new RateWindow(config.window);
  const seconds = Math.ceil(config.window / 1000);
  const policies = { user: described('user'), address: described('address'), local: described('local') };

  function described(policy: Policy): string {
    return `"${policy}";q=${config[policy]};w=${seconds}`;
  }

  /** Counts the request, tells so in the headers, and answers how many seconds it came too early, 0 for right in time. */
  function count({ policy, key }: Account, reply: FastifyReply): number {
    const limit = config[policy];
    if (limit === 0) return 0;
    const now = clock.now();
    const used = window.take(key, now);
    const remaining = Math.max(0, limit - used);
    const left = Math.ceil((window.end - now) / 1000);
    // Numbers as texts: the server would take the length of an answer from any other type, and these go into each one.
    reply.header('x-ratelimit-limit', String(limit));
    reply.header('x-ratelimit-remaining', String(remaining));
    reply.header('x-ratelimit-used', String(used));
    reply.header('x-ratelimit-reset', String(Math.ceil(window.end / 1000)));
    reply.header('x-ratelimit-resource', policy);
    reply.header('ratelimit-policy', policies[policy]);
    reply.header('ratelimit', `"${policy}";r=${remaining};t=${left}`);
    return used > limit ? left : 0;
  }

  const strangerAt = (request: FastifyRequest): Account => ({ policy: 'address', key: `a ${networkOf(addressOf(request))}` });

  function accountOf(request: FastifyRequest): Account {
    const { name, proof } = request.caller;
    if (proof === 'anonymous') return strangerAt(request);
    return proof === 'open' ? { policy: 'local', key: 'l' } : { policy: 'user', key: `u ${name}` };
  }

  app.decorateRequest('isCounted', false);
  app.addHook('onRequest', (request, reply, done) => {
    if (isExempt(request)) return done();
    request.isCounted = true;
    const account = accountOf(request);
    const wait = count(account, reply);
    done(wait === 0 ? undefined : tooMany(account.policy, config[account.policy], wait));
  });
  // Who was not let in has not come as far as the hook above, and is counted all the same.
  app.addHook('onSend', (request, reply, payload, done) => {
    if (!request.isCounted && !isExempt(request)) count(strangerAt(request), reply);
    done(null, payload);
  });
}

/** Probes come from machines that draw their conclusions, and must never be turned away. */
const isExempt = (request: FastifyRequest): boolean => request.routeOptions.config.isProbe === true || isForeignWire(request);

/** An IPv6 customer has 2^64 addresses or more: the network counts (RFC 6177). */
function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  const [head = '', tail] = address.split('::', 2);
  const before = head === '' ? [] : head.split(':');
  const behind = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - behind.length);
  return [...before, ...Array<string>(zeros).fill('0'), ...behind].slice(0, 4).join(':');
}

const tooMany = (policy: Policy, limit: number, retryAfterSeconds: number): Problem =>
  new Problem('exhausted', 'These are more requests than this server answers at a time.', {
    detail: `${limit} requests within the window are answered (policy "${policy}")`,
    hint: `wait ${retryAfterSeconds} s; the setting server.rateLimit.${policy} is the limit`,
    facts: { retryAfterSeconds },
  });

declare module 'fastify' {
  interface FastifyRequest {
    /** The rate limits know of this request. */
    isCounted: boolean;
  }
}
