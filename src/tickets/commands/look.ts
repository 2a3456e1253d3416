/** How tickets look on a terminal. */
import { styleText } from 'node:util';
import type { Output } from '../../cli/output.ts';
import { formatTable, makeVisible, type TableColumn } from '../../cli/table.ts';
import type { TicketItem } from '../access.ts';
import type { ShownComment, ShownEntry, ShownTicket } from '../api.ts';
import { shortId } from './port.ts';

type Style = Parameters<typeof styleText>[0];

const severityStyles: Record<string, Style> = { low: 'dim', high: 'yellow', critical: ['red', 'bold'] };

/** The text in a colour, where colours are wanted. */
export const styled = (output: Pick<Output, 'color'>, style: Style | undefined, text: string): string =>
  output.color && style !== undefined ? styleText(style, text, { validateStream: false }) : text;

/** Names of the columns in CSV. */
export const ticketFields = [
  'id',
  'state',
  'severity',
  'assignee',
  'labels',
  'subject',
  'created_at',
  'created_by',
  'updated_at',
  'updated_by',
];

const columns: TableColumn<TicketItem>[] = [
  { title: 'id', align: 'right', show: ({ id }) => shortId(id) },
  { title: 'severity', show: ({ severity }) => severity },
  { title: 'state', show: ({ state }) => state },
  { title: 'assignee', show: ({ assignee }) => assignee ?? '' },
  { title: 'updated', show: ({ updated_at }) => shortTime(updated_at) },
  { title: 'labels', show: ({ labels }) => labels.join(' ') },
  { title: 'subject', show: ({ subject }) => subject },
];

/** Prints tickets: a table, its lines in the colours of the severities; JSON; or CSV. */
export function printTickets(output: Output, items: readonly TicketItem[]): void {
  if (output.form !== 'table') {
    output.rows(items, columns, ticketFields);
    return;
  }
  const [head = '', ...lines] = formatTable(items, columns, { width: output.width, color: output.color });
  output.line(head);
  lines.forEach((line, at) => {
    const item = items[at] as TicketItem;
    const isOver = item.state === 'resolved' || item.state === 'closed';
    output.line(styled(output, isOver ? 'dim' : severityStyles[item.severity], line));
  });
}

/** Prints one ticket for people: what it says, then what is known. */
export function printTicket(output: Output, ticket: ShownTicket, comments: readonly ShownComment[]): void {
  const { severity, state, assignee, labels, about, created_at, created_by, updated_at, updated_by, description } = ticket;
  output.line(styled(output, 'bold', `Ticket ${shortId(ticket.id)}`));
  output.line('');
  for (const line of description.split('\n')) output.line(`  ${makeVisible(line)}`);
  output.line('');
  const facts: [string, string][] = [
    ['state', state],
    ['severity', styled(output, severityStyles[severity], severity)],
    ['assignee', makeVisible(assignee ?? 'nobody')],
    ['labels', makeVisible(labels.join(', '))],
    ...Object.entries(about).map(([kind, references]): [string, string] => [kind, makeVisible(references.join(', '))]),
    ['created', `${shortTime(created_at)}${by(created_by)}`],
    ['updated', `${shortTime(updated_at)}${by(updated_by)}`],
  ];
  for (const [name, value] of facts) if (value !== '') output.line(`${name.padEnd(8)}  ${value}`);
  for (const { id, at, by: author, text } of comments) {
    output.line('');
    output.line(styled(output, 'dim', `${shortTime(at)}${by(author)} (comment ${shortId(id)})`));
    for (const line of text.split('\n')) output.line(`  ${makeVisible(line)}`);
  }
}

/** Prints the steps in the life of a ticket. */
export function printHistory(output: Output, entries: readonly ShownEntry[]): void {
  for (const entry of entries) {
    const how = entry.via === 'keys' ? ' as a key' : '';
    output.line(`${shortTime(entry.at)}  ${entry.what.replace('-', ' ')}${by(entry.by)}${how}`);
    for (const { field, from, to } of entry.changes ?? []) output.line(`    ${field}: ${brief(from)} -> ${brief(to)}`);
    if (entry.text !== undefined) output.line(`    ${brief(entry.text)}`);
  }
}

/** `2026-11-22 00:01:02`, UTC. */
const shortTime = (at: string): string => at.slice(0, 19).replace('T', ' ');
const by = (name: string | null | undefined): string => (name ? ` by ${makeVisible(name)}` : '');

function brief(value: unknown): string {
  const text = typeof value === 'string' ? value : value === null ? 'nobody' : JSON.stringify(value);
  return makeVisible(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
