/**
 * Tickets in the key tree. Every write of a ticket goes through its description: one transaction compares and writes that
 * key (silently, when the text stays) together with all else, so two writers never mix, and the index of that key is the
 * version of the whole ticket. Facts are written right behind the description: when its index is not the one before
 * theirs, an etcd v2 client has written it since, and `Witness` knows when.
 */
import { Problem } from '../core/problem.ts';
import { type KeyEngine, KeyFault, type KeyNode, type Operation, type Path, Tree, textValue } from '../keys/index.ts';
import { differences } from './change.ts';
import type { TicketsConfig } from './config.ts';
import { checkedContent, checkTransition } from './content.ts';
import { onKeys } from './fault.ts';
import { commentsAt, descriptionAt, factsAt, factsDir, historyAt, idAt, idOfFacts, isTicketId, ticketsDir } from './places.ts';
import { type Facts, type LastNote, readFacts, writeRecord } from './records.ts';
import { type Actor, type Content, type Mark, plainContent, type Ticket } from './ticket.ts';
import { isTrimDue, removalOfOldest } from './trim.ts';
import type { Witness } from './witness.ts';

/** Throws when a ticket is not as a writer expects it. */
export type Condition = (ticket: Ticket) => void;

/** How often a write is begun anew when others are faster, before it is given up. */
const attempts = 50;

/** Up to so many changed tickets are read one by one rather than with the facts of all. */
const fewTickets = 100;

/** Milliseconds after which tickets are counted again. */
const countMs = 60_000;

export type StoreDependencies = { engine: KeyEngine; witness: Witness; limits: TicketsConfig; now: () => number };

/** A ticket with the nodes that it was read from. */
export type Loaded = { ticket: Ticket; node: KeyNode; facts: Facts | undefined };

export class TicketStore {
  readonly tree: Tree;
  readonly limits: TicketsConfig;
  readonly #witness: Witness;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  /** Tickets as they were last read, by id; one is right as long as its version is. */
  readonly #known = new Map<string, Ticket>();
  /** Tickets that may still be made before they are counted again, and when they were. */
  #room = 0;
  #countedAt = 0;

  constructor({ engine, witness, limits, now }: StoreDependencies) {
    this.tree = new Tree(engine, 'public');
    this.limits = limits;
    this.#witness = witness;
    this.now = now;
  }

  /** The ticket. Throws a `not-found` Problem. */
  async get(id: string): Promise<Ticket> {
    return (await onKeys(() => this.load(id))).ticket;
  }

  /** All tickets, in the order of their ids. Only those that changed since they were last read are read whole. */
  async all(): Promise<Ticket[]> {
    return onKeys(async () => {
      const nodes = new Map<string, KeyNode>();
      for (const node of (await this.tree.list(ticketsDir)).below) {
        const id = node.isDir ? undefined : idAt(node.path);
        if (id !== undefined) nodes.set(id, node);
      }
      for (const id of this.#known.keys()) if (!nodes.has(id)) this.#known.delete(id);
      const fresh = [...nodes].filter(([id, { modified }]) => this.#known.get(id)?.version !== modified);
      await this.#learn(fresh);
      return [...nodes.keys()].map((id) => this.#known.get(id)).filter((ticket) => ticket !== undefined);
    });
  }

  /** Opens a ticket. Throws `invalid`, `too-large`, or `exhausted` when there are as many as may be. */
  async create(wanted: Content, actor: Actor): Promise<Ticket> {
    const { description, ...content } = checkedContent(wanted, this.limits);
    await this.checkRoom();
    const mark = this.mark(actor);
    const facts: Facts = { ...content, created: mark, updated: mark, comments: 0, changes: 0 };
    const [made] = await onKeys(() =>
      this.tree.transact([
        { action: 'create-in-order', path: ticketsDir, value: Buffer.from(description) },
        { action: 'create-in-order', path: factsDir, value: writeRecord(facts) },
      ]),
    );
    if (made === undefined) throw new Error('an engine answered a write without a change');
    return ticketOf(idAt(made.node.path) as string, made.node, facts);
  }

  /**
   * Throws `exhausted` when there are as many tickets as may be. They are counted now and then only, and what is made here is
   * counted in between: a limit that keeps lists quick may be passed a little by other servers and by etcd v2 clients.
   */
  async checkRoom(): Promise<void> {
    if (this.#room <= 0 || this.now() - this.#countedAt > countMs) {
      this.#countedAt = this.now();
      const { below } = await onKeys(() => this.tree.list(ticketsDir));
      this.#room = this.limits.kept - below.filter((node) => !node.isDir && idAt(node.path) !== undefined).length;
    }
    if (this.#room-- > 0) return;
    throw new Problem('exhausted', `There are ${this.limits.kept} tickets already.`, {
      hint: 'delete some that are closed; the setting tickets.kept allows more',
    });
  }

  /** Writes what `edit` makes of a ticket; `edit` may run more than once. Nothing is written when nothing differs. */
  async change(id: string, actor: Actor, edit: (ticket: Ticket) => Content, condition?: Condition): Promise<Ticket> {
    return this.attempt(id, condition, async (loaded) => {
      const next = checkedContent(edit(loaded.ticket), this.limits);
      checkTransition(loaded.ticket.state, next.state);
      const changes = differences(loaded.ticket, next);
      if (changes.length === 0) return loaded.ticket;
      const mark = this.mark(actor);
      const entry: Operation = {
        action: 'create-in-order',
        path: historyAt(id),
        value: writeRecord({ ...mark, what: 'changed', changes }),
      };
      return this.write(loaded, { ...next, updated: mark }, [entry]);
    });
  }

  /** Deletes a ticket with all that belongs to it. */
  async remove(id: string, condition?: Condition): Promise<void> {
    await this.attempt(id, condition, async ({ node }) => {
      const compared: Operation = { action: 'compare-and-delete', path: node.path, prevIndex: BigInt(node.modified) };
      await this.tree.transact([compared, ...(await this.removals(id))]);
    });
  }

  /** Deletes all tickets. */
  async removeAll(): Promise<void> {
    try {
      await this.tree.delete(ticketsDir, true);
    } catch (error) {
      if (error instanceof KeyFault && error.kind === 'not-found') return;
      await onKeys(() => Promise.reject(error));
    }
  }

  /** The operations that take away what stands beside the description of a ticket, as it is now. */
  async removals(id: string): Promise<Operation[]> {
    const places: Path[] = [factsAt(id), commentsAt(id), historyAt(id)];
    const nodes = await Promise.all(places.map((path) => this.tree.get(path)));
    return nodes.filter((node) => node !== undefined).map(({ path }) => ({ action: 'delete', path, isRecursive: true }));
  }

  /** Reads a ticket, runs `work` on it, and does so again when somebody else wrote it in between. */
  async attempt<T>(id: string, condition: Condition | undefined, work: (loaded: Loaded) => Promise<T>): Promise<T> {
    return onKeys(async () => {
      for (let attempt = 1; ; attempt++) {
        const loaded = await this.load(id);
        condition?.(loaded.ticket);
        try {
          return await work(loaded);
        } catch (error) {
          if (!isOvertaken(error) || attempt >= attempts) throw error;
        }
      }
    });
  }

  /** Writes description and facts of a ticket, and whatever else, in one transaction that fails when it was changed meanwhile. */
  async write(loaded: Loaded, next: Partial<Content> & { updated: Mark; comments?: number }, more: readonly Operation[]): Promise<Ticket> {
    const { ticket, node, facts } = loaded;
    const { description, version: _, id, ...before } = ticket;
    const { description: text = description, ...after } = next;
    const fresh: Facts = { ...before, ...after, changes: (facts?.changes ?? 0) + more.length };
    const trimmed = await this.#trim(historyAt(id), fresh.changes);
    const [written] = await this.tree.transact([
      this.#describe(node, text === description ? undefined : text),
      { action: 'set', path: factsAt(id), value: writeRecord(fresh) },
      ...more,
      ...trimmed,
    ]);
    if (written === undefined) throw new Error('an engine answered a write without a change');
    return ticketOf(id, written.node, fresh);
  }

  mark({ by, via }: Actor): Mark {
    return { at: new Date(this.now()).toISOString(), by, via };
  }

  /** A ticket and its nodes. Throws a `not-found` Problem. */
  async load(id: string): Promise<Loaded> {
    for (let attempt = 1; ; attempt++) {
      const node = isTicketId(id) ? await this.tree.get(descriptionAt(id)) : undefined;
      if (node === undefined || node.isDir) throw notFound(id);
      const beside = await this.tree.get(factsAt(id));
      // Facts that are newer than the description was when it was read: read both again. Copied trees stay so, hence the end.
      if (beside !== undefined && beside.modified > node.modified + 1 && attempt < 5) continue;
      const facts = beside && readFacts(beside);
      const last = isForeign(node, beside, facts) ? await this.#witness.last(id, node.modified) : undefined;
      return { ticket: ticketOf(id, node, facts, last), node, facts };
    }
  }

  /** Reads the facts of tickets: of many by one range, of few one by one. */
  async #learn(nodes: readonly [string, KeyNode][]): Promise<void> {
    const isRange = nodes.length > fewTickets;
    const facts = new Map(isRange ? (await this.tree.list(factsDir)).below.map((node) => [idOfFacts(node.path), node]) : []);
    for (const [id, node] of nodes) {
      const ticket = (isRange ? joined(id, node, facts.get(id)) : undefined) ?? (await this.#loadIfThere(id));
      if (ticket === undefined) this.#known.delete(id);
      else this.#known.set(id, ticket);
    }
  }

  async #loadIfThere(id: string): Promise<Ticket | undefined> {
    try {
      return (await this.load(id)).ticket;
    } catch (error) {
      if (error instanceof Problem && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  /** The operation on the description: it compares, and keeps the text where there is no new one. */
  #describe({ path, modified, deadline }: KeyNode, text: string | undefined): Operation {
    // A ticket that an etcd v2 client gave a time to live keeps it.
    const ttl = deadline === 0 ? {} : { ttl: deadline - this.now() };
    const value = text === undefined ? { isRefresh: true } : { value: Buffer.from(text) };
    return { action: 'compare-and-swap', path, prevIndex: BigInt(modified), ...value, ...ttl };
  }

  async #trim(dir: Path, written: number): Promise<Operation[]> {
    if (!isTrimDue(written, this.limits.history)) return [];
    return removalOfOldest((await this.tree.list(dir)).below, this.limits.history);
  }
}

/** True when the description was last written by somebody who knows nothing of facts. */
const isForeign = (node: KeyNode, beside: KeyNode | undefined, facts: Facts | undefined): boolean =>
  facts === undefined || beside === undefined || node.modified > beside.modified;

/** The ticket of a description and facts that were read one after the other; undefined when they may not belong together. */
function joined(id: string, node: KeyNode, beside: KeyNode | undefined): Ticket | undefined {
  const facts = beside && readFacts(beside);
  const isTorn = beside !== undefined && beside.modified > node.modified + 1;
  return isTorn || isForeign(node, beside, facts) ? undefined : ticketOf(id, node, facts);
}

function ticketOf(id: string, node: KeyNode, facts: Facts | undefined, last?: LastNote): Ticket {
  const { changes: _, ...known } = facts ?? { ...unknown(last), changes: 0 };
  return { ...known, id, version: node.modified, description: textValue(node), updated: last?.mark ?? known.updated };
}

function unknown(last: LastNote | undefined): Omit<Facts, 'changes'> {
  if (last === undefined) throw new Error('a ticket without facts needs a note of its making');
  const { description: _, ...content } = plainContent;
  return { ...content, created: last.created, updated: last.mark, comments: 0 };
}

// Between reading and writing it was changed, deleted, or became a directory: reading again tells which.
const isOvertaken = (error: unknown): boolean =>
  error instanceof KeyFault && ['compare-failed', 'not-found', 'not-file', 'not-directory', 'exists'].includes(error.kind);

export const notFound = (id: string): Problem =>
  new Problem('not-found', `There is no ticket ${id.slice(0, 80)}.`, {
    ...(/^[0-9]{1,19}$/.test(id) && { detail: `the id has twenty digits: did you mean ${id.padStart(20, '0')}?` }),
    hint: 'GET /api/v1/tickets lists them',
  });
