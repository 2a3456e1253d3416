import { isDeepStrictEqual } from 'node:util';
import type { Content, Mark } from './ticket.ts';

/** One field before and after. */
export type FieldChange = { readonly field: keyof Content; readonly from: unknown; readonly to: unknown };

/** What can happen to a ticket. */
export const happenings = ['created', 'changed', 'commented', 'comment-deleted'] as const;

/** One step in the life of a ticket. */
export type HistoryEntry = Mark & {
  readonly what: (typeof happenings)[number];
  /** For `changed`. */
  readonly changes?: readonly FieldChange[];
  /** For comments: its id. */
  readonly comment?: string;
  /** For `comment-deleted`: what it said, and who had said so. */
  readonly text?: string;
  readonly author?: string | null;
};

const fields = ['description', 'state', 'severity', 'assignee', 'labels', 'about'] as const satisfies readonly (keyof Content)[];

/** The fields that differ, in the order of the model. */
export const differences = (before: Content, after: Content): FieldChange[] =>
  fields
    .filter((field) => !isDeepStrictEqual(before[field], after[field]))
    .map((field) => ({ field, from: before[field], to: after[field] }));
