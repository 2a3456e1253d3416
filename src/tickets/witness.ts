/**
 * Notes who changed descriptions that were not written together with their facts: etcd v2 clients, and the plain ticket
 * API, which writes one key as they do. The key tree knows no times, so Weir watches and writes down when it saw each
 * change and what the text was before. The notes are kept in the space `system`: what a v2 client does to a ticket costs
 * the index of the public space no more than with etcd. Several servers on one cluster see the same changes; the first
 * one's note stays.
 */
import {
  type Change,
  type KeyEngine,
  KeyFault,
  type KeyNode,
  nameOf,
  type Operation,
  type Path,
  parentOf,
  Tree,
  textOf,
  textValue,
} from '../keys/index.ts';
import type { HistoryEntry } from './change.ts';
import {
  commentsAt,
  commentsDir,
  descriptionAt,
  factsAt,
  factsDir,
  historyAt,
  historyDir,
  idAt,
  idOfFacts,
  lastAt,
  lastDir,
  logAt,
  logDir,
  ticketsDir,
} from './places.ts';
import { type LastNote, readLastNote, writeRecord } from './records.ts';
import type { Actor, Mark } from './ticket.ts';
import { isTrimDue, removalOfOldest } from './trim.ts';

export type WitnessDependencies = {
  engine: KeyEngine;
  now: () => number;
  /** Changes that are remembered for one ticket. */
  history: number;
  /** Told when notes could not be written; they are written when the ticket is read next. */
  onFault: (error: unknown) => void;
};

/** Milliseconds for which changes are collected: the facts of a change follow in the same batch, or in the next. */
const collectMs = 50;
/** Changes that wait at most; beyond it the oldest are forgotten, and noted when they are read. */
const longestQueue = 10_000;
/** Characters of a description that the log keeps at most; only an etcd v2 client can write longer ones. */
const longestText = 64 * 1024;

const changedByKeys: Actor = { by: null, via: 'keys' };

export class Witness {
  readonly #public: Tree;
  readonly #system: Tree;
  readonly #deps: WitnessDependencies;
  #queue: { change: Change; at: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();
  #unfollow: (() => void) | undefined;
  /** Indices of changes that a door of Weir made and notes itself. */
  readonly #ours = new Set<number>();

  constructor(deps: WitnessDependencies) {
    this.#deps = deps;
    this.#public = new Tree(deps.engine, 'public');
    this.#system = new Tree(deps.engine, 'system');
  }

  /** Begins to watch, and clears away what belongs to tickets that went while nobody watched. */
  async start(): Promise<void> {
    this.#unfollow = this.#deps.engine.follow('public', (changes) => this.#collect(changes));
    await this.#sweep();
  }

  /** Writes what is still to be noted and stops watching. */
  async stop(): Promise<void> {
    this.#unfollow?.();
    await this.settle();
  }

  /** Resolves when everything that was seen up to now has been noted. */
  async settle(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const queue = this.#queue;
    this.#queue = [];
    if (queue.length > 0) this.#working = this.#working.then(() => this.#note(queue));
    await this.#working;
  }

  /** Notes a change that a door of Weir has just made to a description alone. */
  async note(change: Change, actor: Actor): Promise<void> {
    this.#ours.add(change.index);
    if (this.#ours.size > longestQueue) this.#ours.delete(this.#ours.values().next().value as number);
    await this.#write(change, { ...actor, at: this.#stamp() }, true);
  }

  /** What is noted of the description's version `index`; noted now when nobody has. */
  async last(id: string, index: number): Promise<LastNote> {
    if (this.#queue.length > 0) await this.settle();
    const known = await this.#lastOf(id);
    if (known !== undefined && known.index >= index) return known;
    const mark: Mark = { ...changedByKeys, at: this.#stamp() };
    const note: LastNote = { index, mark, created: known?.created ?? mark, changes: known?.changes ?? 0 };
    await this.#system.set(lastAt(id), Buffer.from(writeRecord(note)).toString()).catch(this.#deps.onFault);
    return note;
  }

  /** The nodes of the log of a ticket: one for each noted change that altered the text. */
  async log(id: string): Promise<readonly KeyNode[]> {
    if (this.#queue.length > 0) await this.settle();
    return (await this.#system.list(logAt(id))).below;
  }

  #collect(changes: readonly Change[]): void {
    const at = this.#deps.now();
    for (const change of changes) {
      if (!change.node.path.startsWith(ticketsDir)) continue;
      this.#queue.push({ change, at });
    }
    if (this.#queue.length > longestQueue) this.#queue.splice(0, this.#queue.length - longestQueue);
    if (this.#queue.length > 0) this.#timer ??= setTimeout(() => void this.settle(), collectMs).unref();
  }

  async #note(queue: readonly { change: Change; at: number }[]): Promise<void> {
    const factsWritten = new Set(queue.map(({ change }) => (parentOf(change.node.path) === factsDir ? change.index : 0)));
    for (const { change, at } of queue) {
      try {
        if (isRemoval(change)) await this.#clear(change);
        else if (idAt(change.node.path) !== undefined && !change.node.isDir && !factsWritten.has(change.index + 1)) {
          if (!this.#ours.has(change.index)) await this.#write(change, { ...changedByKeys, at: new Date(at).toISOString() }, false);
        }
      } catch (error) {
        this.#deps.onFault(error);
      }
    }
  }

  /** Writes one note, unless another server already has; a door of Weir knows better than those who only watched. */
  async #write(change: Change, mark: Mark, isOurs: boolean): Promise<void> {
    const { index, node, prev } = change;
    const id = idAt(node.path) as string;
    const changes = prev === undefined ? [] : changesOf(prev, node);
    const entry: HistoryEntry = { ...mark, what: 'changed', changes };
    for (let attempt = 1; ; attempt++) {
      const before = await this.#system.get(lastAt(id));
      const known = before && readLastNote(before);
      if (known !== undefined && (isOurs ? known.index > index : known.index >= index)) {
        // Noted by another server; or by somebody who read the ticket, and could not know the text before.
        if (changes.length > 0) await createOnce(this.#system, logPath(id, index), writeRecord(entry));
        return;
      }
      const written = (known?.changes ?? 0) + changes.length;
      const note: LastNote = { index, mark, created: prev === undefined ? mark : (known?.created ?? mark), changes: written };
      const operations: Operation[] = [lastWrite(id, before, note)];
      if (changes.length > 0) operations.push({ action: 'set', path: logPath(id, index), value: writeRecord(entry) });
      if (changes.length > 0 && isTrimDue(written, this.#deps.history))
        operations.push(...removalOfOldest((await this.#system.list(logAt(id))).below, this.#deps.history));
      try {
        await this.#system.transact(operations);
        return;
      } catch (error) {
        if (!(error instanceof KeyFault) || error.kind === 'unavailable' || attempt === 5) throw error;
      }
    }
  }

  /** Takes away what is left of tickets that went, as of one change. */
  async #clear({ index, node }: Change): Promise<void> {
    if (node.path === ticketsDir) {
      for (const dir of [lastDir, logDir])
        for (const { path } of (await this.#system.list(dir)).below) await this.#forget(textOf(nameOf(path)), index);
      return;
    }
    const id = idAt(node.path);
    if (id === undefined) return;
    await this.#forget(id, index);
    // A name of the client's own choosing may be in use again by now.
    if ((await this.#public.get(descriptionAt(id))) === undefined)
      await deleteAll(this.#public, [factsAt(id), commentsAt(id), historyAt(id)]);
  }

  async #forget(id: string, index: number): Promise<void> {
    const known = await this.#lastOf(id);
    if (known !== undefined && known.index > index) return;
    await deleteAll(this.#system, [lastAt(id), logAt(id)]);
  }

  /** Deletes what belongs to no ticket. What belongs to tickets is listed first: a ticket made in between is not missed. */
  async #sweep(): Promise<void> {
    const beside = [factsDir, commentsDir, historyDir];
    const owned = await Promise.all(beside.map(async (dir) => (await this.#public.list(dir)).below));
    const noted = await Promise.all([lastDir, logDir].map(async (dir) => (await this.#system.list(dir)).below));
    const present = new Set((await this.#public.list(ticketsDir)).below.map((node) => idAt(node.path)));
    const idOf = ({ path }: KeyNode): string => (parentOf(path) === factsDir ? idOfFacts(path) : textOf(nameOf(path)));
    const orphans = (nodes: readonly KeyNode[]): Path[] => nodes.filter((node) => !present.has(idOf(node))).map(({ path }) => path);
    await deleteAll(this.#public, orphans(owned.flat()));
    await deleteAll(this.#system, orphans(noted.flat()));
  }

  async #lastOf(id: string): Promise<LastNote | undefined> {
    const node = await this.#system.get(lastAt(id));
    return node && readLastNote(node);
  }

  #stamp(): string {
    return new Date(this.#deps.now()).toISOString();
  }
}

const isRemoval = ({ action }: Change): boolean => action === 'delete' || action === 'compare-and-delete' || action === 'expire';

function changesOf(prev: KeyNode, node: KeyNode): NonNullable<HistoryEntry['changes']> {
  const [from, to] = [clipped(prev), clipped(node)];
  return from === to ? [] : [{ field: 'description', from, to }];
}

const clipped = (node: KeyNode): string => {
  const text = textValue(node);
  return text.length <= longestText ? text : `${text.slice(0, longestText)}…`;
};

const logPath = (id: string, index: number): Path => `${logAt(id)}/${String(index).padStart(20, '0')}`;

/** Writes the last note only over the one that was read. */
function lastWrite(id: string, before: KeyNode | undefined, note: LastNote): Operation {
  const write = { path: lastAt(id), value: writeRecord(note) };
  return before === undefined
    ? { action: 'create', ...write }
    : { action: 'compare-and-swap', prevIndex: BigInt(before.modified), ...write };
}

async function createOnce(tree: Tree, path: Path, value: Uint8Array): Promise<void> {
  if ((await tree.get(path)) !== undefined) return;
  try {
    await tree.transact([{ action: 'create', path, value }]);
  } catch (error) {
    if (!(error instanceof KeyFault) || error.kind !== 'exists') throw error;
  }
}

async function deleteAll(tree: Tree, paths: readonly Path[]): Promise<void> {
  for (const path of paths) {
    try {
      await tree.delete(path, true);
    } catch (error) {
      if (!(error instanceof KeyFault) || error.kind !== 'not-found') throw error;
    }
  }
}
