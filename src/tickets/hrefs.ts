/**
 * Where the tickets are in the API. Apart from its shapes: commands need the paths alone, and the schema library would be most of their start.
 */

/** The collection of all tickets. */
export const collection = '/api/v1/tickets';

/** The path of a ticket. */
export const hrefOf = (ticket: string): string => `${collection}/${encodeURIComponent(ticket)}`;
