/**
 * `Idempotency-Key` on POST (draft-ietf-httpapi-idempotency-key-header): a client that got no answer sends the request again, and it is
 * done once. Good answers are kept for a day; one that refused did nothing, and is not.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../../core/problem.ts';
import type { Path, Tree } from '../../keys/index.ts';
import { fingerprintOf, type KeptAnswer, KeptAnswers } from './kept-answers.ts';
import { isForeignWire } from './surface.ts';

/** Headers of an answer that are kept with it. */
const keptHeaders = ['content-type', 'location', 'etag', 'link', 'last-modified', 'cache-control'] as const;

/** Install it ahead of whatever changes the text of answers. `tree` is the system space. */
export function installIdempotency(app: FastifyInstance, tree: Tree): void {
  const answers = new KeptAnswers(tree);
  app.decorateRequest('firstOfItsKey', undefined);

  app.addHook('preHandler', (request, reply, done) => {
    const key = keyOf(request);
    if (key === undefined) return done();
    begin(request, reply, key).then(
      (isAnswered) => isAnswered || done(),
      (error: Error) => done(error),
    );
  });

  app.addHook('onSend', async (request, reply, payload) => {
    const first = request.firstOfItsKey;
    if (first === undefined) return payload;
    request.firstOfItsKey = undefined;
    if (reply.statusCode >= 300) await answers.abandon(first.place);
    else await answers.finish(first.place, first.fingerprint, answerOf(reply, payload));
    return payload;
  });

  /** True when the request has been answered already. */
  async function begin(request: FastifyRequest, reply: FastifyReply, key: string): Promise<boolean> {
    const { body } = request;
    const content = body instanceof Uint8Array ? body : (JSON.stringify(body) ?? '');
    const fingerprint = fingerprintOf(key, [request.url, request.headers['content-type'] ?? '', content]);
    const known = await answers.begin({ owner: ownerOf(request), key, fingerprint });
    switch (known.kind) {
      case 'first':
        request.firstOfItsKey = { place: known.place, fingerprint };
        return false;
      case 'again':
        sendAgain(reply, known.answer);
        return true;
      case 'other':
        throw usedOtherwise();
      case 'busy':
        throw busy();
    }
  }
}

/** The key of a POST whose answer can be kept. Uploads know their content again by its digest; secrets are told once only. */
function keyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined || request.method !== 'POST' || isForeignWire(request)) return undefined;
  const { isUpload, isSecret } = request.routeOptions.config;
  if (isUpload || isSecret) return undefined;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new Problem('invalid', 'The header Idempotency-Key is not as expected.', {
    detail: 'expected 1 to 255 visible ASCII characters',
    hint: 'send a new UUID for each thing that is to be done',
    pointer: 'idempotency-key',
  });
}

/** Nobody gets the answers of somebody else who chose the same key. */
const ownerOf = ({ caller, raw }: FastifyRequest): string =>
  caller.proof === 'anonymous'
    ? `${caller.proof} ${raw.socket.remoteAddress}`
    : `${caller.proof === 'open' ? 'open' : 'user'} ${caller.name}`;

function answerOf(reply: FastifyReply, payload: unknown): KeptAnswer {
  const headers: Record<string, string> = {};
  for (const name of keptHeaders) if (reply.hasHeader(name)) headers[name] = String(reply.getHeader(name));
  const body = payload === null || payload === undefined ? '' : payload;
  return { status: reply.statusCode, headers, ...(typeof body === 'string' && { body }) };
}

function sendAgain(reply: FastifyReply, { status, headers, body }: KeptAnswer): void {
  if (body === undefined) {
    throw new Problem('conflict', 'This has been done already; its answer was too long to be kept.', {
      facts: { status, ...(headers.location !== undefined && { location: headers.location }) },
    });
  }
  reply.code(status).headers(headers).header('idempotent-replayed', 'true');
  if (body === '') reply.send();
  else reply.send(body);
}

const usedOtherwise = (): Problem =>
  new Problem('unprocessable', 'This Idempotency-Key stands for another request.', {
    detail: 'path, type and body have to be those of the first request with the key',
    hint: 'use a new key for each thing that is to be done',
    pointer: 'idempotency-key',
  });

const busy = (): Problem =>
  new Problem('conflict', 'The first request with this Idempotency-Key is still being answered.', {
    hint: 'send it again in a moment',
    facts: { retryAfterSeconds: 1 },
  });

declare module 'fastify' {
  interface FastifyRequest {
    /** Set while the first request of an `Idempotency-Key` is being answered: where its answer goes. */
    firstOfItsKey: { place: Path; fingerprint: string } | undefined;
  }
}
