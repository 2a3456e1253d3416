/**
 * The tickets as commands see them: one port with two implementations, a server over HTTP (`remote.ts`) and a data
 * directory that no server holds (`local.ts`, which alone loads the key store). Shapes are those of the wire, so that
 * `--json` prints the same whichever way it came.
 */
import type { NewTicket, ShownComment, ShownEntry, ShownTicket } from './api.ts';
import type { Content, State } from './ticket.ts';

/** Which tickets a list shows, in the words of the API. */
export type TicketsQuery = {
  q?: string;
  state?: string;
  severity?: string;
  assignee?: string;
  label?: string;
  host?: string;
  order?: string;
  /** `description`: shows it too. */
  include?: string;
};

/** A ticket in a list; its description only where it was asked for. */
export type TicketItem = Omit<ShownTicket, 'description'> & { description?: string };

/** What a command changes; what is absent stays. */
export type TicketPatch = Partial<Omit<Content, 'about' | 'labels'>> & {
  labels?: readonly string[];
  about?: Partial<Record<keyof Content['about'], readonly string[]>>;
};

/** A ticket and its version, as the header ETag has it. */
export type Versioned = { ticket: ShownTicket; tag: string };

/** Everything the commands ask of the tickets. Every method throws Problem. */
export type TicketsPort = {
  /** At most `limit` tickets, and how many there are in all. */
  list(query: TicketsQuery, limit: number): Promise<{ items: TicketItem[]; total: number }>;
  get(id: string): Promise<Versioned>;
  create(ticket: NewTicket): Promise<ShownTicket>;
  /** With a `tag`: only when the ticket still has that version (`precondition-failed`). */
  change(id: string, patch: TicketPatch, tag?: string): Promise<ShownTicket>;
  move(id: string, state: State): Promise<ShownTicket>;
  remove(id: string): Promise<void>;
  removeAll(): Promise<void>;
  comments(id: string): Promise<ShownComment[]>;
  comment(id: string, text: string): Promise<ShownComment>;
  removeComment(id: string, comment: string): Promise<void>;
  history(id: string): Promise<ShownEntry[]>;
  close(): Promise<void>;
};
