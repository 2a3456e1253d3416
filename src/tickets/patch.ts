import { contentOf, type NewTicket } from './api.ts';
import { type Json, mergePatch } from './merge.ts';
import type { Content } from './ticket.ts';

/** The content of a ticket after a merge patch of its writable members (RFC 7396); what is removed gets its default. */
export const patched = (ticket: Content, patch: object): Content =>
  contentOf(mergePatch(writable(ticket), patch as Json) as unknown as NewTicket);

const writable = ({ description, state, severity, assignee, labels, about }: Content): Json =>
  structuredClone({ description, state, severity, assignee, labels, about }) as unknown as Json;
