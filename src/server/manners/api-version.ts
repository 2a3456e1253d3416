import type { FastifyInstance } from 'fastify';
import { Problem } from '../../core/problem.ts';
import { isForeignWire } from './surface.ts';

/** The versions of the REST surface that this server speaks, the latest last. One is kept 24 months beyond the next. */
const apiVersions: readonly string[] = ['2026-11-22'];

/** What a client gets that does not ask for one. */
const usual = apiVersions.at(-1) as string;

/** `X-Weir-Api-Version`: asks for a version, and tells in every answer which one it is in. An unknown one is refused. */
export function installApiVersion(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (isForeignWire(request)) return done();
    const asked = request.headers['x-weir-api-version'];
    reply.header('x-weir-api-version', usual);
    if (asked === undefined || asked === usual) return done();
    if (!apiVersions.includes(String(asked))) return done(unknown(String(asked)));
    reply.header('x-weir-api-version', asked);
    done();
  });
}

const unknown = (asked: string): Problem =>
  new Problem('invalid', 'This server does not speak that version of the API.', {
    detail: `expected one of ${apiVersions.join(', ')}, got ${JSON.stringify(asked.slice(0, 64))}`,
    hint: `leave the header away to get ${usual}`,
    pointer: 'x-weir-api-version',
    facts: { versions: apiVersions },
  });
