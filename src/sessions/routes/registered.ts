/** What can be asked of a session and of a batch alike: how it stands, its end, and what it has printed. */
import type { FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import type { RoomRoutes } from '../../core/http.ts';
import type { Entry, Live, Register } from '../register.ts';

const printedQuery = Type.Object({
  from: Type.Optional(Type.Integer({ minimum: 0, description: 'The first line. Without it: the last `size`.' })),
  size: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000, default: 100 })),
});
const printedSchema = Type.Object({ from: Type.Integer(), total: Type.Integer(), lines: Type.Array(Type.String()) });

/** The id, or the name, in the path of one. */
export const registeredParameter = Type.Object({ id: Type.String({ maxLength: 255, description: 'The id, or the name.' }) });

/** That of a request, for who uses it. */
export const usedOf =
  <E extends Entry>(register: Register<E, Live>) =>
  (request: FastifyRequest): E =>
    register.use((request.params as { id: string }).id, request.caller);

type Registered<E extends Entry> = {
  register: Register<E, Live>;
  /** Where they are: `/api/v1/sessions`. */
  base: string;
  /** `session`; and what its log has. */
  words: { one: string; log: string };
  /** What one looks like. */
  schema: TSchema;
  show(entry: E, request: FastifyRequest): object;
};

export const registeredRoutes =
  <E extends Entry>({ register, base, words, schema, show }: Registered<E>): RoomRoutes =>
  async (app) => {
    const used = usedOf(register);
    const tags = [base.slice(base.lastIndexOf('/') + 1)];
    const viewer = { role: 'viewer' } as const;
    const operator = { role: 'operator' } as const;
    const params = registeredParameter;
    app.get(
      `${base}/:id`,
      { config: viewer, schema: { tags, summary: `One ${words.one}`, params, response: { 200: schema } } },
      async (request, reply) => {
        reply.header('cache-control', 'private, no-cache');
        return show(register.get(request.params.id), request);
      },
    );
    app.delete(
      `${base}/:id`,
      {
        config: operator,
        schema: { tags, summary: `End a ${words.one} and forget it; its processes are gone when this answers`, params },
      },
      async (request, reply) => {
        await register.remove(used(request), `deleted by ${request.caller.name}`, request.caller);
        return reply.code(204).send();
      },
    );
    app.post(
      `${base}/:id/stop`,
      { config: operator, schema: { tags, summary: `End a ${words.one} and keep its entry`, params, response: { 200: schema } } },
      async (request) => {
        const entry = used(request);
        await register.end(entry, request.caller);
        return show(register.get(String(entry.id)), request);
      },
    );
    app.get(
      `${base}/:id/log`,
      {
        config: viewer,
        schema: { tags, summary: words.log, params, querystring: printedQuery, response: { 200: printedSchema } },
      },
      async (request) => register.live(used(request)).log.read(request.query.from, request.query.size),
    );
  };
