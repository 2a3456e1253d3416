/**
 * The rule of the sync. Each member of the face is looked at for itself, against what its own side showed at the last sync:
 * changed on one side, it goes to the other; changed on both to the same, nothing is to be done; changed on both to
 * different things, the preferred side wins and the other's is told in a comment. Labels are a set, so they never conflict.
 */
import type { Face } from './face.ts';

export type Side = 'github' | 'weir';

/** What both sides showed when they were last in step. */
export type Base = { ticket: Face; issue: Face };

/** What one side said and the other overruled. */
export type Loss = { side: Side; member: string; said: string };

export type Merged = { ticket: Face; issue: Face; losses: Loss[] };

const scalars = ['title', 'body', 'isOver', 'severity', 'assignee'] as const;

/** The faces that both sides are to show. Where nothing is to be done, a face is equal to that which came in. */
export function merge(base: Base, ticket: Face, issue: Face, preferred: Side): Merged {
  const merged: Merged = { ticket: { ...ticket }, issue: { ...issue }, losses: [] };
  for (const member of scalars) mergeMember(merged, { base, ticket, issue, member, preferred });
  mergeLabels(merged, base, ticket, issue);
  return merged;
}

type Question = { base: Base; ticket: Face; issue: Face; member: (typeof scalars)[number]; preferred: Side };

function mergeMember(merged: Merged, { base, ticket, issue, member, preferred }: Question): void {
  const isTicketChanged = ticket[member] !== base.ticket[member];
  const isIssueChanged = issue[member] !== base.issue[member];
  if (ticket[member] === issue[member] || !(isTicketChanged || isIssueChanged)) return;
  const winner = isTicketChanged && isIssueChanged ? preferred : isTicketChanged ? 'weir' : 'github';
  if (isTicketChanged && isIssueChanged) {
    const loser = winner === 'weir' ? issue : ticket;
    merged.losses.push({ side: winner === 'weir' ? 'github' : 'weir', member, said: sayMember(loser, member) });
  }
  const value = (winner === 'weir' ? ticket : issue)[member];
  Object.assign(merged.ticket, { [member]: value });
  Object.assign(merged.issue, { [member]: value });
}

const sayMember = (face: Face, member: (typeof scalars)[number]): string =>
  member === 'isOver' ? (face.isOver ? 'over' : 'open') : String(face[member] ?? 'nobody');

function mergeLabels(merged: Merged, base: Base, ticket: Face, issue: Face): void {
  const added = [...difference(ticket.labels, base.ticket.labels), ...difference(issue.labels, base.issue.labels)];
  const removed = [...difference(base.ticket.labels, ticket.labels), ...difference(base.issue.labels, issue.labels)];
  const apply = (labels: readonly string[]) => [...new Set([...labels.filter((label) => !removed.includes(label)), ...added])].sort();
  merged.ticket.labels = apply(ticket.labels);
  merged.issue.labels = apply(issue.labels);
}

const difference = (one: readonly string[], other: readonly string[]): string[] => one.filter((label) => !other.includes(label));

/** True when both faces show the same. */
export const isSame = (one: Face, other: Face): boolean =>
  scalars.every((member) => one[member] === other[member]) && one.labels.join('\n') === other.labels.join('\n');
