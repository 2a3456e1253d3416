/** Versions of a ticket in HTTP. */
import type { FastifyRequest } from 'fastify';
import { isKnownTag, requireMatch, tagOfVersion } from '../core/entity-tag.ts';
import type { Condition } from './store.ts';
import type { Ticket } from './ticket.ts';

/** The entity tag of a ticket: it moves with every change, whoever makes it. */
export const tagOf = ({ version }: Ticket): string => tagOfVersion(version);

/** What `If-Match` demands; undefined when it is absent. The condition throws `precondition-failed`. */
export function conditionOf({ headers }: FastifyRequest): Condition | undefined {
  const expected = headers['if-match'];
  return expected === undefined ? undefined : conditionOnTag(expected);
}

/** The condition that the text of an `If-Match` header demands. */
export const conditionOnTag =
  (expected: string): Condition =>
  (ticket) =>
    requireMatch({ 'if-match': expected }, tagOf(ticket));

/** True when the client already has this version. */
export const isKnown = ({ headers }: FastifyRequest, ticket: Ticket): boolean => isKnownTag(headers, tagOf(ticket));
