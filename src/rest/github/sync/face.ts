/** What a ticket and an issue have in common: the face that each shows the other. */
import { createHmac } from 'node:crypto';

/** The severities of tickets, as labels of issues; medium has none. */
const severities = ['low', 'medium', 'high', 'critical'];

export type Face = {
  title: string;
  body: string;
  isOver: boolean;
  severity: string;
  /** Login at GitHub. */
  assignee: string | null;
  /** Sorted; without those that stay on one side. */
  labels: string[];
};

/** A ticket as the API shows it, as far as it matters here. */
export type Ticket = {
  id: string;
  description: string;
  state: string;
  severity: string;
  assignee: string | null;
  labels: string[];
  comment_count: number;
};

/** An issue as GitHub shows it, as far as it matters here. */
export type Issue = {
  number: number;
  title: string;
  body?: string | null | undefined;
  state: string;
  state_reason?: string | null | undefined;
  labels: (string | { name?: string })[];
  assignees?: { login: string }[] | null | undefined;
  comments: number;
  updated_at: string;
  html_url: string;
};

/** Names in Weir and the logins they have at GitHub, where the two differ. */
export type People = { loginOf(name: string): string; nameOf(login: string): string };

/** The words that bind a sync: the label that sends a ticket to GitHub, and who is who. */
export type Custom = { pushLabel: string; people: People };

/** Characters of a title at GitHub, and of a label, at most. */
const longestTitle = 256;
const longestLabel = 50;

export function faceOfTicket(ticket: Ticket, { pushLabel, people }: Custom): Face {
  const { title, body } = splitDescription(ticket.description);
  return {
    title,
    body,
    isOver: isOver(ticket.state),
    severity: ticket.severity,
    assignee: ticket.assignee === null ? null : people.loginOf(ticket.assignee),
    labels: ticket.labels.filter((label) => isShared(label, pushLabel)).sort(),
  };
}

export function faceOfIssue(issue: Issue, { pushLabel }: Custom): Face {
  const names = labelNames(issue);
  return {
    title: issue.title.trim(),
    body: splitMark(issue.body ?? '').text,
    isOver: issue.state === 'closed',
    severity: names.map(severityOf).find((severity) => severity !== undefined) ?? 'medium',
    assignee: issue.assignees?.[0]?.login ?? null,
    labels: names.filter((label) => isShared(label, pushLabel) && severityOf(label) === undefined).sort(),
  };
}

export const isOver = (state: string): boolean => state === 'resolved' || state === 'closed';

/** The labels of a ticket that shows `labels` to the other side. */
export const ticketLabels = (ticket: Pick<Ticket, 'labels'>, labels: readonly string[], { pushLabel }: Custom): string[] => [
  ...ticket.labels.filter((label) => !isShared(label, pushLabel)),
  ...labels,
];

/** The labels of an issue that shows `labels` and a severity. */
export const issueLabels = (issue: Issue | undefined, { labels, severity }: Face, { pushLabel }: Custom): string[] => [
  ...(issue === undefined ? [] : labelNames(issue).filter((label) => !isShared(label, pushLabel) && severityOf(label) === undefined)),
  ...labels,
  ...(severity === 'medium' ? [] : [`severity: ${severity}`]),
];

const labelNames = ({ labels }: Issue): string[] =>
  labels.map((label) => (typeof label === 'string' ? label : (label.name ?? '')).trim()).filter(Boolean);

// A comma separates labels in Weir, and GitHub takes fifty characters: such labels stay where they are.
const isShared = (label: string, pushLabel: string): boolean =>
  label !== pushLabel && !label.includes(',') && [...label].length <= longestLabel;

function severityOf(label: string): string | undefined {
  const word = /^severity:\s*(\w+)$/i.exec(label)?.[1]?.toLowerCase();
  return word !== undefined && severities.includes(word) ? word : undefined;
}

const trailer = /\n+GitHub: (https?:\/\/\S+)\s*$/;

/** The description of a ticket: its first line is the title; a last line that names the issue is neither. */
export function splitDescription(description: string): { title: string; body: string; trailer: string; issue: string | undefined } {
  const text = plainLines(description);
  const found = trailer.exec(text);
  const said = (found ? text.slice(0, found.index) : text).trim();
  const [line = ''] = said.split('\n', 1);
  const rest = { trailer: found?.[0].trimEnd() ?? '', issue: found?.[1] };
  const isLong = [...line].length > longestTitle;
  return isLong
    ? { title: `${[...line].slice(0, longestTitle - 1).join('')}…`, body: said, ...rest }
    : { title: line.trimEnd(), body: said.slice(line.length).trim(), ...rest };
}

/** The description of a ticket with that title and text. */
export const joinDescription = (title: string, body: string, end: string): string => `${body === '' ? title : `${title}\n\n${body}`}${end}`;

const mark = /\n*<!-- weir ([0-9a-f]{32}) -->\s*$/;

/** The text of an issue or a comment, and the mark that a sync has put behind it. */
export function splitMark(body: string): { text: string; mark: string | undefined } {
  const text = plainLines(body);
  const found = mark.exec(text);
  return { text: (found ? text.slice(0, found.index) : text).trim(), mark: found?.[1] };
}

/** A text with the mark behind it, which GitHub does not show. */
export const withMark = (text: string, code: string | undefined): string =>
  code === undefined ? text : `${text}\n\n<!-- weir ${code} -->`.trimStart();

/** What nobody can write who does not know the secret: anybody may open issues in a public repository. */
export const markOf = (secret: string, kind: 'ticket' | 'comment', id: string): string =>
  createHmac('sha256', secret).update(`${kind}:${id}`).digest('hex').slice(0, 32);

// Texts that were typed at GitHub have the line ends of a form.
const plainLines = (text: string): string => text.replaceAll('\r\n', '\n');
