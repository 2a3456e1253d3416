/** The shapes of the sessions over HTTP, and how they are shown. */
import { Type } from 'typebox';
import { type Links, linksSchema } from '../core/links.ts';
import { pageQuery, pageSchemaOf } from '../core/paging.ts';
import { kinds } from './kind.ts';
import { isOver, type Session, type State, states, takesStatements } from './session.ts';
import type { Sessions } from './sessions.ts';
import { isDone, type Statement } from './statement.ts';

export const base = '/api/v1/sessions';
export const hrefOf = (session: Session): string => `${base}/${session.id}`;
export const statementHref = (session: Session, id: number): string => `${hrefOf(session)}/statements/${id}`;

export const statementParameter = Type.Object({
  id: Type.String({ maxLength: 255, description: 'The id of the session, or its name.' }),
  statement: Type.Integer({ minimum: 0, maximum: 2 ** 31 }),
});

export const sessionSchema = Type.Object({
  id: Type.Integer(),
  name: Type.Optional(Type.String()),
  kind: Type.Unsafe<string>({ type: 'string', enum: [...kinds] }),
  state: Type.Unsafe<string>({ type: 'string', enum: [...states] }),
  reason: Type.Optional(Type.String({ description: 'Why it has ended.' })),
  owner: Type.String(),
  created: Type.String({ description: 'ISO 8601.' }),
  ready: Type.Optional(Type.String({ description: 'When its interpreter was ready.' })),
  ended: Type.Optional(Type.String()),
  application: Type.Optional(Type.String({ description: 'The id of the application of Spark.' })),
  facts: Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()]), { description: 'More of the interpreter.' }),
  conf: Type.Record(Type.String(), Type.String()),
  statements: Type.Integer(),
  links: linksSchema,
});
export type ShownSession = Type.Static<typeof sessionSchema>;

export const sessionsSchema = pageSchemaOf(sessionSchema);

export const sessionsQuery = Type.Object({
  page: pageQuery.page,
  per_page: pageQuery.per_page,
  kind: Type.Optional(Type.Unsafe<string>({ type: 'string', enum: [...kinds] })),
  state: Type.Optional(Type.Unsafe<string>({ type: 'string', enum: [...states] })),
});

const text = (description: string) => Type.Optional(Type.String({ description }));

/** For the description alone: `readSessionRequest` reads, and names every fault. */
export const newSessionSchema = Type.Unsafe<Record<string, unknown>>({
  ...Type.Object(
    {
      kind: Type.Optional(Type.Unsafe<string>({ type: 'string', enum: [...kinds], default: 'python' })),
      name: text('A name; sessions that live have different ones.'),
      conf: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'Properties of Spark; `spark.master` among them.' })),
      driverMemory: text('`2g`.'),
      driverCores: Type.Optional(Type.Integer()),
      executorMemory: text('`2g`.'),
      executorCores: Type.Optional(Type.Integer()),
      numExecutors: Type.Optional(Type.Integer()),
      queue: text('The queue of YARN.'),
      jars: Type.Optional(Type.Array(Type.String())),
      pyFiles: Type.Optional(Type.Array(Type.String())),
      files: Type.Optional(Type.Array(Type.String())),
      archives: Type.Optional(Type.Array(Type.String())),
      heartbeatTimeoutInSecond: Type.Optional(
        Type.Integer({ description: 'It is ended when nothing is heard of its client for so long.' }),
      ),
      ttl: text('How long it lives at most: `2h`.'),
      idleTimeout: text('It is ended when nothing is asked of it for so long: `30m`.'),
    },
    { additionalProperties: false, examples: [{ kind: 'python' }] },
  ),
});

export const newStatementSchema = Type.Object(
  {
    code: Type.String(),
    kind: Type.Optional(Type.Unsafe<string>({ type: 'string', description: '`sql` in a session of Spark.' })),
  },
  { additionalProperties: false, examples: [{ code: '1+1' }] },
);

/** Its output is JSON of its own: what it looks like depends on the statement. */
export const statementSchema = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  required: ['id', 'code', 'state', 'output', 'progress', 'started', 'completed', 'links'],
  properties: {
    id: { type: 'integer' },
    code: { type: 'string' },
    state: { type: 'string', enum: ['waiting', 'running', 'available', 'cancelling', 'cancelled'] },
    output: {
      type: ['object', 'null'],
      additionalProperties: true,
      description: 'As Livy has it: `status`, and `data` by media type or `ename`, `evalue`, `traceback`.',
    },
    progress: { type: 'number', description: '0 to 1.' },
    started: { type: 'integer', description: 'Milliseconds since 1970; 0 before.' },
    completed: { type: 'integer' },
    stages: { type: 'array', items: { type: 'object', additionalProperties: true }, description: 'What Spark does for it.' },
    links: { type: 'object', additionalProperties: true },
  },
});

const iso = (ms: number): string => new Date(ms).toISOString();

/** The session as the API shows it; `mayUse` is whether this caller may do something with it. */
export function showSession(sessions: Sessions, session: Session, mayUse: boolean): ShownSession {
  const { id, kind, request, owner, created, ready, end, appId, appInfo } = session;
  const state = sessions.stateOf(session);
  return {
    id,
    ...(request.name !== null && { name: request.name }),
    kind,
    state,
    ...(end !== undefined && { reason: end.reason }),
    owner,
    created: iso(created),
    ...(ready !== undefined && { ready: iso(ready) }),
    ...(end !== undefined && { ended: iso(end.at) }),
    ...(appId !== undefined && { application: appId }),
    facts: appInfo ?? {},
    conf: mayUse ? request.conf : {},
    statements: sessions.statementsOf(session),
    links: linksOf(session, state, mayUse),
  };
}

function linksOf(session: Session, state: State, mayUse: boolean): Links {
  const self = hrefOf(session);
  const isAlive = mayUse && takesStatements(state);
  return {
    self: { href: self },
    collection: { href: base },
    events: { href: `${self}/events`, title: 'Its changes of state, as they come' },
    ...(mayUse && {
      statements: { href: `${self}/statements` },
      log: { href: `${self}/log`, title: 'What it has printed outside of statements' },
    }),
    ...(isAlive && { post: { href: `${self}/statements`, method: 'POST', title: 'Run a statement' } }),
    ...(isAlive && { completion: { href: `${self}/completion`, method: 'POST', title: 'What an identifier may go on with' } }),
    ...(mayUse && !isOver(state) && { stop: { href: `${self}/stop`, method: 'POST', title: 'End it and keep its entry' } }),
    ...(mayUse && { remove: { href: self, method: 'DELETE', title: 'End it and forget it' } }),
    livy: { href: `/sessions/${session.id}`, title: 'As Livy shows it' },
  };
}

/** What can be done with a statement. */
export function statementLinks(session: Session, statement: Statement): Links {
  const self = statementHref(session, statement.id);
  return {
    self: { href: self },
    session: { href: hrefOf(session) },
    events: { href: `${self}/events`, title: 'What it prints and how far it is, as it comes' },
    ...(!isDone(statement) && { cancel: { href: `${self}/cancel`, method: 'POST', title: 'Cancel it' } }),
  };
}
