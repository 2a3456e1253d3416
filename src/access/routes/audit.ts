/** `/api/v1/audit`: who did what. Read only, administrators only. */
import { Type } from 'typebox';
import type { RoomRoutes } from '../../core/http.ts';
import { linkHeader, linksSchema } from '../../core/links.ts';
import { cursorLinks, offsetOf, pageQuery, readCursor } from '../../core/paging.ts';
import type { Access } from '../access.ts';
import type { AuditLine } from '../audit-log.ts';

const lineSchema = Type.Object({
  time: Type.String({ format: 'date-time' }),
  actor: Type.String(),
  address: Type.String(),
  action: Type.String(),
  target: Type.Optional(Type.String()),
  outcome: Type.Union([Type.Literal('ok'), Type.Literal('refused'), Type.Literal('failed')]),
  requestId: Type.Optional(Type.String()),
  note: Type.Optional(Type.String()),
  before: Type.String({ description: 'SHA-256 of the line before.' }),
});

const query = Type.Object(
  {
    ...pageQuery,
    actor: Type.Optional(Type.String({ maxLength: 256 })),
    action: Type.Optional(Type.String({ maxLength: 256, description: 'The action, or the room before its dot: `users`.' })),
    outcome: Type.Optional(lineSchema.properties.outcome),
    since: Type.Optional(Type.String({ format: 'date-time' })),
  },
  { additionalProperties: false },
);

const auditSchema = Type.Object({
  items: Type.Array(lineSchema),
  page: Type.Integer(),
  per_page: Type.Integer(),
  links: linksSchema,
});

/** Which lines are wanted; `action` is a whole action or the room before its dot. */
type Choice = { actor?: string; action?: string; outcome?: AuditLine['outcome']; since?: string };

/** Whether a line is one of those that a query asks for. */
export function passes({ actor, action, outcome, since }: Choice): (line: AuditLine) => boolean {
  const from = since === undefined ? 0 : Date.parse(since);
  return (line) =>
    (actor === undefined || line.actor === actor) &&
    (action === undefined || line.action === action || line.action.startsWith(`${action}.`)) &&
    (outcome === undefined || line.outcome === outcome) &&
    Date.parse(line.time) >= from;
}

export const auditRoutes = ({ audit }: Access): RoomRoutes => {
  return async (app) => {
    app.get(
      '/api/v1/audit',
      {
        config: { role: 'admin', collection: { title: 'Audit log' } },
        schema: {
          tags: ['audit'],
          summary: 'What was done by whom, the latest first',
          querystring: query,
          response: { 200: auditSchema },
        },
      },
      async (request, reply) => {
        const { page, per_page, cursor, ...choice } = request.query;
        // Each request adds lines in front: pages are followed by the line that the last one ended with.
        const place = cursor === undefined ? { skip: offsetOf(request.query) } : { behind: String(readCursor(cursor, 1)[0]) };
        const found = await audit.read(per_page + 1, passes(choice), place);
        const items = found.slice(0, per_page);
        const last = found.length > per_page ? items.at(-1) : undefined;
        const pages = cursorLinks(request.url, last === undefined ? undefined : [last.before]);
        const links = { ...pages, check: { href: '/api/v1/audit/check', title: 'Whether the chain of lines is whole' } };
        reply.header('link', linkHeader(links));
        return { items, page, per_page, links };
      },
    );
    app.get(
      '/api/v1/audit/check',
      {
        config: { role: 'admin' },
        schema: {
          tags: ['audit'],
          summary: 'Whether the chain of lines is whole',
          response: {
            200: Type.Object({
              lines: Type.Integer(),
              breaks: Type.Array(
                Type.Object({
                  file: Type.String(),
                  line: Type.Integer(),
                  reason: Type.Union([Type.Literal('torn'), Type.Literal('changed-or-cut')], {
                    description: '`torn`: no JSON, as a crash leaves it. `changed-or-cut`: the line before was another one.',
                  }),
                }),
                { description: 'Where the chain does not hold; at most 100 places.' },
              ),
            }),
          },
        },
      },
      async () => audit.verify(),
    );
  };
};
