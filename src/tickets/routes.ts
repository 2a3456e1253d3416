/** The doors of the tickets: the native API and the plain one. A route is its schema and a few lines that ask the room. */
import type { RoomRoutes } from '../core/http.ts';
import { commentRoutes } from './routes/comments.ts';
import { plainRoutes } from './routes/plain.ts';
import { ticketRoutes } from './routes/tickets.ts';
import type { Tickets } from './tickets.ts';

/** All routes of the room. */
export const ticketsRoutes = (tickets: Tickets): RoomRoutes => {
  return async (app) => {
    await app.register(ticketRoutes(tickets));
    await app.register(commentRoutes(tickets));
    await app.register(plainRoutes(tickets));
  };
};
