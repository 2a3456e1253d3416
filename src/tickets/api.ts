/** Shapes on the wire of the native API: the schemas that validate, document and serialise. */
import { type Static, Type } from 'typebox';
import { type Links, linksSchema } from '../core/links.ts';
import { pageQuery } from '../core/paging.ts';
import { type HistoryEntry, happenings } from './change.ts';
import type { Comment } from './comments.ts';
import { longestLabel, longestName, longestReference } from './content.ts';
import { collection, hrefOf } from './hrefs.ts';
import { orders } from './search.ts';
import { type About, plainContent, type State, severities, states, statesAfter, subjectOf, type Ticket } from './ticket.ts';

const oneOf = (words: readonly string[], description: string) => Type.String({ enum: [...words], description });
const nullableText = (description: string) => Type.Union([Type.String(), Type.Null()], { description });
const texts = (description: string, maxLength: number) =>
  Type.Array(Type.String({ minLength: 1, maxLength: maxLength * 2 }), { description });

const description = Type.String({
  description: 'What is the matter: any text. Its first line is the subject.',
  examples: ['Learning to add tickets'],
});
const state = oneOf(states, 'Where the work stands.');
const severity = oneOf(severities, 'How bad it is.');
const assignee = Type.Union([Type.String({ maxLength: longestName * 2 }), Type.Null()], { description: 'Whose it is; null: nobody’s.' });
const labels = texts('Words to find it by.', longestLabel);
const references = {
  hosts: texts('Addresses or names of hosts.', longestReference),
  flows: texts('Filters that choose flows, such as `host 192.0.2.7 and port 22`.', longestReference),
  scans: texts('Ids of scans.', longestReference),
  jobs: texts('Ids of jobs.', longestReference),
};
const aboutText = 'What it is about.';

const marks = {
  created_at: Type.String({ format: 'date-time', description: 'When it was made, or first seen.' }),
  created_by: nullableText('Who made it; null: nobody said.'),
  created_via: Type.String({ description: 'By which door: `api`, `plain` (the plain ticket API) or `keys` (etcd v2).' }),
  updated_at: Type.String({ format: 'date-time' }),
  updated_by: nullableText('Who changed it last.'),
  updated_via: Type.String(),
};
const facts = {
  id: Type.String({ description: 'Twenty digits, as a rule.', examples: ['00000000000000000010'] }),
  subject: Type.String({ description: 'The first line of the description, at most 200 characters.' }),
  state,
  severity,
  assignee: nullableText('Whose it is; null: nobody’s.'),
  labels,
  about: Type.Object(references, { description: aboutText }),
  comment_count: Type.Integer({ description: 'Comments on it.' }),
  ...marks,
};

/** A ticket in an answer. */
export const ticketSchema = Type.Object({ ...facts, description, links: linksSchema });
/** A ticket in a list. */
const itemSchema = Type.Object({ ...facts, description: Type.Optional(description), links: linksSchema });
export const ticketsSchema = Type.Object({
  items: Type.Array(itemSchema),
  page: Type.Integer(),
  per_page: Type.Integer(),
  total: Type.Integer({ description: 'Tickets on all pages.' }),
  links: linksSchema,
});

/** What the server says about a ticket. It may come back in a write, unchanged. */
const readOnly = {
  id: Type.Optional(Type.Unknown()),
  subject: Type.Optional(Type.Unknown()),
  comment_count: Type.Optional(Type.Unknown()),
  created_at: Type.Optional(Type.Unknown()),
  created_by: Type.Optional(Type.Unknown()),
  created_via: Type.Optional(Type.Unknown()),
  updated_at: Type.Optional(Type.Unknown()),
  updated_by: Type.Optional(Type.Unknown()),
  updated_via: Type.Optional(Type.Unknown()),
  links: Type.Optional(Type.Unknown()),
};
export const readOnlyNames = Object.keys(readOnly) as (keyof typeof readOnly)[];

const optional = {
  state: Type.Optional(state),
  severity: Type.Optional(severity),
  assignee: Type.Optional(assignee),
  labels: Type.Optional(labels),
  about: Type.Optional(
    Type.Object(
      {
        hosts: Type.Optional(references.hosts),
        flows: Type.Optional(references.flows),
        scans: Type.Optional(references.scans),
        jobs: Type.Optional(references.jobs),
      },
      { additionalProperties: false, description: aboutText },
    ),
  ),
};
const closed = { additionalProperties: false };

/** The body of a POST. */
export const newTicketSchema = Type.Object({ description, ...optional }, closed);
/** The body of a PUT: what is left out gets its default. */
export const wholeTicketSchema = Type.Object({ description, ...optional, ...readOnly }, closed);
/** The body of a PATCH (RFC 7396): what is left out stays, null removes. */
export const ticketPatchSchema = Type.Object(
  {
    description: Type.Optional(description),
    state: optional.state,
    severity: optional.severity,
    assignee: optional.assignee,
    labels: Type.Optional(Type.Union([labels, Type.Null()])),
    about: Type.Optional(
      Type.Union([
        Type.Object(
          {
            hosts: Type.Optional(Type.Union([references.hosts, Type.Null()])),
            flows: Type.Optional(Type.Union([references.flows, Type.Null()])),
            scans: Type.Optional(Type.Union([references.scans, Type.Null()])),
            jobs: Type.Optional(Type.Union([references.jobs, Type.Null()])),
          },
          closed,
        ),
        Type.Null(),
      ]),
    ),
    ...readOnly,
  },
  closed,
);
export type NewTicket = Static<typeof newTicketSchema>;

export const ticketsQuery = Type.Object(
  {
    ...pageQuery,
    q: Type.Optional(
      Type.String({ maxLength: 512, description: 'Words that must all occur in the ticket or its comments, whatever their case.' }),
    ),
    state: Type.Optional(Type.String({ maxLength: 128, description: `One or more of ${states.join(', ')}, separated by commas.` })),
    severity: Type.Optional(Type.String({ maxLength: 128, description: `One or more of ${severities.join(', ')}, separated by commas.` })),
    assignee: Type.Optional(Type.String({ maxLength: longestName * 2, description: 'Whose they are; empty: nobody’s.' })),
    label: Type.Optional(Type.String({ maxLength: 4096, description: 'A label; of several, separated by commas, all must be there.' })),
    host: Type.Optional(Type.String({ maxLength: longestReference, description: 'A host that they are about.' })),
    order: Type.Optional(oneOf(orders, 'What they are sorted by; with - the other way round. Default: id, the oldest first.')),
    include: Type.Optional(oneOf(['description'], 'What else each one is to show.')),
  },
  closed,
);
export const confirmQuery = Type.Object(
  { confirm: Type.Optional(Type.String({ maxLength: 16, description: '`all`, or nothing is deleted.' })) },
  closed,
);
export const partQuery = Type.Object({ page: pageQuery.page, per_page: pageQuery.per_page }, closed);

const id = Type.String({ minLength: 1, maxLength: 512, description: 'The id of the ticket.' });
export const ticketParameter = Type.Object({ id });
export const stateParameter = Type.Object({ id, state });
export const commentParameter = Type.Object({
  id,
  comment: Type.String({ minLength: 1, maxLength: 512, description: 'The id of the comment.' }),
});

export const newCommentSchema = Type.Object({ text: Type.String({ description: 'What there is to say.' }) }, closed);
export const commentSchema = Type.Object({
  id: Type.String(),
  at: Type.String({ format: 'date-time' }),
  by: nullableText('Who said so; null: nobody said who.'),
  via: Type.String(),
  text: Type.String(),
  links: linksSchema,
});
export const commentsSchema = Type.Object({ items: Type.Array(commentSchema), total: Type.Integer(), links: linksSchema });
export const historySchema = Type.Object({
  items: Type.Array(
    Type.Object({
      at: Type.String({ format: 'date-time' }),
      by: nullableText('Who did it; null: nobody said.'),
      via: Type.String({ description: 'By which door: `api`, `plain` or `keys`.' }),
      what: oneOf(happenings, 'What was done.'),
      changes: Type.Optional(Type.Array(Type.Object({ field: Type.String(), from: Type.Unknown(), to: Type.Unknown() }))),
      comment: Type.Optional(Type.String({ description: 'Id of the comment.' })),
      text: Type.Optional(Type.String({ description: 'What a deleted comment said.' })),
      author: Type.Optional(nullableText('Who had written it.')),
    }),
  ),
  total: Type.Integer(),
  links: linksSchema,
});

export type ShownTicket = Omit<Static<typeof ticketSchema>, 'links'> & { links: Links };
export type ShownComment = Static<typeof commentSchema>;
export type ShownEntry = Static<typeof historySchema>['items'][number];

/** A ticket as the wire shows it, with what can be done next. */
export function showTicket(ticket: Ticket): ShownTicket {
  const { id, description, state, severity, assignee, labels, about, created, updated, comments } = ticket;
  return {
    id,
    subject: subjectOf(description),
    description,
    state,
    severity,
    assignee,
    labels: [...labels],
    about: about as { [Kind in keyof About]: string[] },
    comment_count: comments,
    created_at: created.at,
    created_by: created.by,
    created_via: created.via,
    updated_at: updated.at,
    updated_by: updated.by,
    updated_via: updated.via,
    links: linksOf(ticket),
  };
}

/** As `showTicket`, without the description. */
export function showItem(ticket: Ticket): Omit<ShownTicket, 'description'> {
  const { description: _, ...item } = showTicket(ticket);
  return item;
}

export function showComment(ticket: string, { id, at, by, via, text }: Comment): ShownComment {
  const self = `${hrefOf(ticket)}/comments/${id}`;
  return { id, at, by, via, text, links: { self: { href: self }, delete: { href: self, method: 'DELETE', title: 'Delete it' } } };
}

export const showEntry = ({ changes, ...entry }: HistoryEntry): ShownEntry => ({ ...entry, ...(changes && { changes: [...changes] }) });

const steps: Record<State, { rel: string; title: string }> = {
  open: { rel: 'reopen', title: 'Open it again' },
  'in-progress': { rel: 'start', title: 'Start work on it' },
  waiting: { rel: 'wait', title: 'Wait for somebody' },
  resolved: { rel: 'resolve', title: 'Say that it is solved' },
  closed: { rel: 'close', title: 'Close it' },
};

/** What can be done from a ticket. */
export function linksOf({ id, state, about }: Ticket): Links {
  const self = hrefOf(id);
  const moves = statesAfter(state).map((to) => [steps[to].rel, { href: `${self}/state/${to}`, method: 'POST', title: steps[to].title }]);
  const filter = [...about.flows.map((text) => `(${text})`), ...about.hosts.map((host) => `host ${quoted(host)}`)].join(' or ');
  return {
    self: { href: self },
    collection: { href: collection },
    comments: { href: `${self}/comments`, title: 'What was said about it' },
    history: { href: `${self}/history`, title: 'Who changed what, and when' },
    ...(filter !== '' && { flows: { href: `/api/v1/flows?${new URLSearchParams({ filter })}`, title: 'The flows that it is about' } }),
    ...(Object.fromEntries(moves) as Links),
    comment: { href: `${self}/comments`, method: 'POST', title: 'Say something' },
    edit: { href: self, method: 'PATCH', title: 'Change parts of it' },
    delete: { href: self, method: 'DELETE', title: 'Delete it' },
  };
}

// A name may be a word of the filter language, so all but addresses stand in quotes.
const quoted = (host: string): string => (/^[\d.]+$|^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(host) ? host : JSON.stringify(host));

/** The content that a POST or PUT asks for. */
export const contentOf = ({ description, state, severity, assignee, labels, about }: NewTicket) => ({
  description,
  state: (state ?? plainContent.state) as State,
  severity: (severity ?? plainContent.severity) as (typeof severities)[number],
  assignee: assignee ?? null,
  labels: labels ?? [],
  about: { ...plainContent.about, ...about },
});
