/** Which tickets an answer shows and in which order. */
import type { Comment } from './comments.ts';
import { type Severity, type State, severities, states, subjectOf, type Ticket } from './ticket.ts';

/** What tickets must be; parts that are absent leave all. Lists are alternatives, except that a ticket must have all labels. */
export type Selection = {
  /** Words, all of which must occur somewhere in what people wrote about the ticket, whatever their case. */
  q?: string | undefined;
  states?: readonly State[] | undefined;
  severities?: readonly Severity[] | undefined;
  /** An empty text: nobody's. */
  assignee?: string | undefined;
  labels?: readonly string[] | undefined;
  host?: string | undefined;
};

/** What tickets are put in order by; with `-` the other way round. */
export const orders = ['id', '-id', 'updated', '-updated', 'severity', '-severity', 'state', '-state', 'subject', '-subject'] as const;
export type Order = (typeof orders)[number];

/** The tickets that are as the selection says, comments aside. */
export const selectTickets = (tickets: readonly Ticket[], selection: Omit<Selection, 'q'>): Ticket[] =>
  tickets.filter((ticket) => matches(ticket, selection));

function matches(ticket: Ticket, { states: wanted, severities: grave, assignee, labels = [], host }: Omit<Selection, 'q'>): boolean {
  if (wanted !== undefined && !wanted.includes(ticket.state)) return false;
  if (grave !== undefined && !grave.includes(ticket.severity)) return false;
  if (assignee !== undefined && (ticket.assignee ?? '').toLowerCase() !== assignee.toLowerCase()) return false;
  if (host !== undefined && !ticket.about.hosts.some((known) => known.toLowerCase() === host.toLowerCase())) return false;
  return labels.every((label) => ticket.labels.includes(label));
}

/** The words of a question, in lower case. */
export const wordsOf = (q: string): string[] =>
  q
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');

/** The words that do not occur in the ticket itself. */
export function missingWords(ticket: Ticket, words: readonly string[]): string[] {
  const { id, description, assignee, labels, about, state, severity } = ticket;
  const parts = [id, description, assignee ?? '', state, severity, ...labels, ...Object.values(about).flat()];
  const text = parts.join('\n').toLowerCase();
  return words.filter((word) => !text.includes(word));
}

/** True when some comment holds each of the words. */
export const isInComments = (comments: readonly Comment[], words: readonly string[]): boolean =>
  words.every((word) => comments.some(({ text }) => text.toLowerCase().includes(word)));

const keys: Record<string, (ticket: Ticket) => string | number> = {
  id: ({ id }) => id,
  updated: ({ updated }) => updated.at,
  severity: ({ severity }) => severities.indexOf(severity),
  state: ({ state }) => states.indexOf(state),
  subject: ({ description }) => subjectOf(description).toLowerCase(),
};

/** The tickets in an order; equal ones by their ids, the oldest first. */
export function sortTickets(tickets: readonly Ticket[], order: Order): Ticket[] {
  const isDown = order.startsWith('-');
  const keyOf = keys[isDown ? order.slice(1) : order] as (ticket: Ticket) => string | number;
  const keyed = tickets.map((ticket) => ({ ticket, key: keyOf(ticket) }));
  const sign = isDown ? -1 : 1;
  keyed.sort((a, b) => (a.key < b.key ? -sign : a.key > b.key ? sign : a.ticket.id < b.ticket.id ? -1 : 1));
  return keyed.map(({ ticket }) => ticket);
}
