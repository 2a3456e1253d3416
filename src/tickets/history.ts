import { type KeyNode, nameOf, textOf } from '../keys/index.ts';
import type { HistoryEntry } from './change.ts';
import { onKeys } from './fault.ts';
import { commentsAt, historyAt } from './places.ts';
import { readComment, readHistoryEntry } from './records.ts';
import type { TicketStore } from './store.ts';
import type { Witness } from './witness.ts';

/**
 * The life of a ticket from its making on, the oldest step first: what was done by way of Weir, what Weir saw others do to
 * the description, and comments. All three are named by indices of the public space, which put them in order. Throws `not-found`.
 */
export async function readHistory(store: TicketStore, witness: Witness, id: string): Promise<HistoryEntry[]> {
  const { created } = await store.get(id);
  return onKeys(async () => {
    const [own, comments, seen] = await Promise.all([store.tree.list(historyAt(id)), store.tree.list(commentsAt(id)), witness.log(id)]);
    const steps = [...own.below, ...seen].map((node) => ({ name: nameOf(node.path), entry: readHistoryEntry(node) }));
    steps.push(...comments.below.map((node) => ({ name: nameOf(node.path), entry: entryOfComment(node) })));
    steps.sort((a, b) => (a.name < b.name ? -1 : 1));
    return [{ ...created, what: 'created' }, ...steps.map(({ entry }) => entry).filter((entry) => entry !== undefined)];
  });
}

function entryOfComment(node: KeyNode): HistoryEntry | undefined {
  const comment = readComment(node);
  if (comment === undefined) return undefined;
  const { at, by, via } = comment;
  return { at, by, via, what: 'commented', comment: textOf(nameOf(node.path)) };
}
