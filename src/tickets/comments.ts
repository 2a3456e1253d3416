import { Problem } from '../core/problem.ts';
import { childOf, type KeyNode, nameOf, type Operation, pathOf, textOf } from '../keys/index.ts';
import { checkSize } from './content.ts';
import { onKeys } from './fault.ts';
import { commentsAt, historyAt } from './places.ts';
import { type CommentRecord, readComment, writeRecord } from './records.ts';
import type { Condition, TicketStore } from './store.ts';
import type { Actor } from './ticket.ts';

/** What somebody said about a ticket. */
export type Comment = CommentRecord & { readonly id: string };

/** The comments of a ticket, the oldest first. Throws `not-found`. */
export async function listComments(store: TicketStore, ticket: string): Promise<Comment[]> {
  await store.get(ticket);
  const { below } = await onKeys(() => store.tree.list(commentsAt(ticket)));
  return below.map(commentOf).filter((comment) => comment !== undefined);
}

/** Adds a comment. Throws `not-found`, `unprocessable`, `too-large`, or `exhausted` when there are as many as may be. */
export async function addComment(store: TicketStore, ticket: string, text: string, actor: Actor): Promise<Comment> {
  const { limits } = store;
  if (text.trim() === '') throw new Problem('unprocessable', 'The comment says nothing.', { pointer: '/text' });
  checkSize(text, limits.comment, 'comment');
  return store.attempt(ticket, undefined, async (loaded) => {
    const { comments } = loaded.ticket;
    if (comments >= limits.comments)
      throw new Problem('exhausted', `The ticket has ${comments} comments already.`, { hint: 'the setting tickets.comments allows more' });
    const updated = store.mark(actor);
    const record = { ...updated, text };
    const add: Operation = { action: 'create-in-order', path: commentsAt(ticket), value: writeRecord(record) };
    const written = await store.write(loaded, { updated, comments: comments + 1 }, [add]);
    // Description, facts and comment take three indices in a row.
    return { ...record, id: String(written.version + 2).padStart(20, '0') };
  });
}

/** Deletes a comment; the history keeps what it said. Throws `not-found`. */
export async function removeComment(store: TicketStore, ticket: string, id: string, actor: Actor, condition?: Condition): Promise<void> {
  await store.attempt(ticket, condition, async (loaded) => {
    const path = childOf(commentsAt(ticket), nameOf(pathOf(id)));
    const node = await store.tree.get(path);
    const comment = node && commentOf(node);
    if (comment === undefined || id !== comment.id)
      throw new Problem('not-found', `Ticket ${ticket} has no comment ${id.slice(0, 80)}.`, {
        hint: `GET /api/v1/tickets/${ticket}/comments lists them`,
      });
    const updated = store.mark(actor);
    const entry = { ...updated, what: 'comment-deleted', comment: id, text: comment.text, author: comment.by } as const;
    await store.write(loaded, { updated, comments: Math.max(0, loaded.ticket.comments - 1) }, [
      { action: 'delete', path },
      { action: 'create-in-order', path: historyAt(ticket), value: writeRecord(entry) },
    ]);
  });
}

/** All comments by the id of their ticket, for the search. */
export async function allComments(store: TicketStore, tickets: readonly string[]): Promise<Map<string, Comment[]>> {
  const found = new Map<string, Comment[]>();
  for (const id of tickets) {
    const { below } = await onKeys(() => store.tree.list(commentsAt(id)));
    found.set(
      id,
      below.map(commentOf).filter((comment) => comment !== undefined),
    );
  }
  return found;
}

function commentOf(node: KeyNode): Comment | undefined {
  const record = readComment(node);
  return record && { ...record, id: textOf(nameOf(node.path)) };
}
