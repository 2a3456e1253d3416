/** The tickets of a data directory that no server holds: the same port as over HTTP, answered by this process. */
import { Type } from 'typebox';
import { systemClock } from '../core/clock.ts';
import { loadRoomsConfig } from '../core/config.ts';
import { openDataFolder } from '../core/data-folder.ts';
import { createLog } from '../core/log.ts';
import { engineOf, keysSettings } from '../keys/index.ts';
import type { TicketItem, TicketsPort } from './access.ts';
import { contentOf, showComment, showEntry, showItem, showTicket } from './api.ts';
import { conditionOnTag, tagOf } from './condition.ts';
import { ticketsSettings } from './config.ts';
import { patched } from './patch.ts';
import type { Order } from './search.ts';
import { readSelection } from './selection.ts';
import type { Actor } from './ticket.ts';
import { Tickets } from './tickets.ts';

const settings = Type.Object({ keys: keysSettings, tickets: ticketsSettings });

/** Opens the directory; who holds it already is told by a `conflict`. Its key tree is the embedded one. */
export async function openLocalTickets(dataFolder: string, user: string | undefined): Promise<TicketsPort> {
  const folder = await openDataFolder(dataFolder, 'a command');
  try {
    const config = loadRoomsConfig(settings);
    const log = createLog({ level: 'error' });
    const engine = engineOf(config.keys, { dataFolder: folder.path, log, clock: systemClock });
    const tickets = new Tickets(config.tickets, { engine, clock: systemClock, log });
    await engine.start();
    await tickets.start();
    return portOf(tickets, { by: user ?? null, via: 'api' }, async () => {
      await tickets.stop();
      await engine.stop();
      await folder.release();
    });
  } catch (error) {
    await folder.release();
    throw error;
  }
}

/** The port on a room of this process. */
export function portOf(tickets: Tickets, actor: Actor, close: () => Promise<void>): TicketsPort {
  return {
    list: async (query, limit) => {
      const found = await tickets.find(readSelection(query), query.order as Order | undefined);
      const items: TicketItem[] = found.slice(0, limit).map(query.include === 'description' ? showTicket : showItem);
      return { items, total: found.length };
    },
    get: async (id) => {
      const ticket = await tickets.get(id);
      return { ticket: showTicket(ticket), tag: tagOf(ticket) };
    },
    create: async (ticket) => showTicket(await tickets.create(contentOf(ticket), actor)),
    change: async (id, patch, tag) =>
      showTicket(await tickets.change(id, actor, (ticket) => patched(ticket, patch), tag === undefined ? undefined : conditionOnTag(tag))),
    move: async (id, state) => showTicket(await tickets.change(id, actor, (ticket) => ({ ...ticket, state }))),
    remove: (id) => tickets.remove(id),
    removeAll: () => tickets.removeAll(),
    comments: async (id) => (await tickets.comments(id)).map((comment) => showComment(id, comment)),
    comment: async (id, text) => showComment(id, await tickets.comment(id, text, actor)),
    removeComment: (id, comment) => tickets.removeComment(id, comment, actor),
    history: async (id) => (await tickets.history(id)).map(showEntry),
    close,
  };
}
