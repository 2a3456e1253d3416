/** The room of tickets as one thing: the store, the witness of foreign changes, and the questions that doors ask. Inert until `start`. */
import type { Clock } from '../core/clock.ts';
import type { KeyEngine } from '../keys/index.ts';
import type { HistoryEntry } from './change.ts';
import { addComment, allComments, type Comment, listComments, removeComment } from './comments.ts';
import type { TicketsConfig } from './config.ts';
import { readHistory } from './history.ts';
import { createPlain, listPlain, readPlain, replacePlain } from './plain.ts';
import { isInComments, missingWords, type Order, type Selection, selectTickets, sortTickets, wordsOf } from './search.ts';
import { type Condition, TicketStore } from './store.ts';
import type { Actor, Content, Ticket } from './ticket.ts';
import { Witness } from './witness.ts';

/** What the tickets need of the house. The engine is started before and stopped after them. */
export type TicketsDependencies = {
  engine: KeyEngine;
  clock: Clock;
  log: { warn(facts: object, text: string): void };
};

export class Tickets {
  readonly config: TicketsConfig;
  readonly #store: TicketStore;
  readonly #witness: Witness;

  constructor(config: TicketsConfig, { engine, clock, log }: TicketsDependencies) {
    const now = () => clock.now();
    const onFault = (err: unknown) => log.warn({ err }, 'could not note a change that an etcd v2 client made to a ticket');
    this.config = config;
    this.#witness = new Witness({ engine, now, history: config.history, onFault });
    this.#store = new TicketStore({ engine, witness: this.#witness, limits: config, now });
  }

  start(): Promise<void> {
    return this.#witness.start();
  }

  stop(): Promise<void> {
    return this.#witness.stop();
  }

  /** Resolves when everything that others did to tickets up to now has been noted. */
  settle(): Promise<void> {
    return this.#witness.settle();
  }

  get(id: string): Promise<Ticket> {
    return this.#store.get(id);
  }

  /** All tickets of a selection in an order. */
  async find({ q, ...selection }: Selection, order: Order = 'id'): Promise<Ticket[]> {
    const selected = selectTickets(await this.#store.all(), selection);
    const words = wordsOf(q ?? '');
    return sortTickets(words.length === 0 ? selected : await this.#search(selected, words), order);
  }

  create(content: Content, actor: Actor): Promise<Ticket> {
    return this.#store.create(content, actor);
  }

  change(id: string, actor: Actor, edit: (ticket: Ticket) => Content, condition?: Condition): Promise<Ticket> {
    return this.#store.change(id, actor, edit, condition);
  }

  remove(id: string, condition?: Condition): Promise<void> {
    return this.#store.remove(id, condition);
  }

  removeAll(): Promise<void> {
    return this.#store.removeAll();
  }

  comments(id: string): Promise<Comment[]> {
    return listComments(this.#store, id);
  }

  comment(id: string, text: string, actor: Actor): Promise<Comment> {
    return addComment(this.#store, id, text, actor);
  }

  removeComment(id: string, comment: string, actor: Actor, condition?: Condition): Promise<void> {
    return removeComment(this.#store, id, comment, actor, condition);
  }

  history(id: string): Promise<HistoryEntry[]> {
    return readHistory(this.#store, this.#witness, id);
  }

  /** Ids of all tickets; undefined where there is not even a place for them. */
  listPlain(): Promise<string[] | undefined> {
    return listPlain(this.#store);
  }

  readPlain(id: string): Promise<string> {
    return readPlain(this.#store, id);
  }

  createPlain(description: string, actor: Actor): Promise<string> {
    return createPlain(this.#store, this.#witness, description, actor);
  }

  replacePlain(id: string, description: string, actor: Actor): Promise<void> {
    return replacePlain(this.#store, this.#witness, id, description, actor);
  }

  /** Tickets in which, or in whose comments, each word occurs. Comments are read only where they decide. */
  async #search(tickets: readonly Ticket[], words: readonly string[]): Promise<Ticket[]> {
    const asked = tickets.map((ticket) => ({ ticket, missing: missingWords(ticket, words) }));
    const unsure = asked.filter(({ ticket, missing }) => missing.length > 0 && ticket.comments > 0);
    const comments = await allComments(
      this.#store,
      unsure.map(({ ticket }) => ticket.id),
    );
    return asked.filter(({ ticket, missing }) => isInComments(comments.get(ticket.id) ?? [], missing)).map(({ ticket }) => ticket);
  }
}
