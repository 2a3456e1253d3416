/**
 * Tickets: what is to be done about what was found, by whom, and what was done. They are kept in the key tree and nowhere
 * else, so a cluster that keeps the keys keeps them too; the description of each is a plain key that etcd v2 clients read
 * and write (docs/adr/0010-tickets-on-keys.md). Of several writers of one ticket the later is told, never merged. The
 * room sends no mail and knows nothing of users beyond the name that a door gives it.
 */
export { type TicketsConfig, ticketsSettings } from './config.ts';
export { Tickets, type TicketsDependencies } from './tickets.ts';
