/** Versions of a ticket in HTTP: entity tags and the conditions on them (RFC 9110 sections 8.8.3 and 13.1). */
import type { FastifyRequest } from 'fastify';
import { Problem } from '../core/problem.ts';
import type { Condition } from './store.ts';
import type { Ticket } from './ticket.ts';

/** The entity tag of a ticket: it moves with every change, whoever makes it. */
export const tagOf = ({ version }: Ticket): string => `"${version}"`;

/** What `If-Match` demands; undefined when it is absent. The condition throws `precondition-failed`. */
export function conditionOf({ headers }: FastifyRequest): Condition | undefined {
  const expected = headers['if-match'];
  return expected === undefined ? undefined : conditionOnTag(expected);
}

/** The condition that the text of an `If-Match` header demands. */
export function conditionOnTag(expected: string): Condition {
  const tags = readTags(expected);
  return (ticket) => {
    // Strong comparison: a weak tag matches nothing.
    if (tags === '*' || tags.includes(tagOf(ticket))) return;
    throw new Problem('precondition-failed', 'The ticket has been changed meanwhile.', {
      detail: `expected ${expected}, it is ${tagOf(ticket)}`,
      hint: 'GET it again, then send the change with its new ETag',
      pointer: 'if-match',
    });
  };
}

/** True when the client already has this version. */
export function isKnown({ headers }: FastifyRequest, ticket: Ticket): boolean {
  const known = headers['if-none-match'];
  if (known === undefined) return false;
  const tags = readTags(known);
  return tags === '*' || tags.some((tag) => tag.replace(/^W\//, '') === tagOf(ticket));
}

const readTags = (header: string): '*' | string[] => (header.trim() === '*' ? '*' : header.split(',').map((tag) => tag.trim()));
