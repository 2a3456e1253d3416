/** Tickets as their descriptions alone, for the plain ticket API: one key a write, as an etcd v2 client would. */
import { Problem } from '../core/problem.ts';
import { type Change, KeyFault, textValue } from '../keys/index.ts';
import { checkSize } from './content.ts';
import { onKeys } from './fault.ts';
import { descriptionAt, idAt, ticketsDir } from './places.ts';
import { notFound, type TicketStore } from './store.ts';
import type { Actor } from './ticket.ts';
import type { Witness } from './witness.ts';

/** Ids of all tickets in their order; undefined where there has never been one since all were removed. */
export async function listPlain(store: TicketStore): Promise<string[] | undefined> {
  return onKeys(async () => {
    if ((await store.tree.get(ticketsDir)) === undefined) return undefined;
    const { below } = await store.tree.list(ticketsDir);
    return below.flatMap((node) => (node.isDir ? [] : (idAt(node.path) ?? [])));
  });
}

/** The description of a ticket. Throws `not-found`. */
export async function readPlain(store: TicketStore, id: string): Promise<string> {
  const node = idAt(descriptionAt(id)) === id ? await onKeys(() => store.tree.get(descriptionAt(id))) : undefined;
  if (node === undefined || node.isDir) throw notFound(id);
  return textValue(node);
}

/** Opens a ticket with a description and answers its id. */
export async function createPlain(store: TicketStore, witness: Witness, description: string, actor: Actor): Promise<string> {
  checkSize(description, store.limits.description, 'description');
  await store.checkRoom();
  const change = await onKeys(() => store.tree.createInOrder(ticketsDir, description));
  await noted(witness, change, actor);
  return idAt(change.node.path) as string;
}

/** Replaces the description of a ticket. Throws `not-found`. */
export async function replacePlain(store: TicketStore, witness: Witness, id: string, description: string, actor: Actor): Promise<void> {
  checkSize(description, store.limits.description, 'description');
  await readPlain(store, id);
  const { deadline } = (await onKeys(() => store.tree.get(descriptionAt(id)))) ?? { deadline: 0 };
  try {
    const ttl = deadline === 0 ? {} : { ttl: deadline - store.now() };
    const [change] = await store.tree.transact([{ action: 'update', path: descriptionAt(id), value: Buffer.from(description), ...ttl }]);
    if (change !== undefined) await noted(witness, change, actor);
  } catch (error) {
    if (error instanceof KeyFault && error.kind === 'not-found') throw notFound(id);
    await onKeys(() => Promise.reject(error));
  }
}

// The change is made and acknowledged whatever becomes of its note: who reads the ticket next has it noted then.
async function noted(witness: Witness, change: Change, actor: Actor): Promise<void> {
  await witness.note(change, actor).catch((error: unknown) => {
    if (!(error instanceof KeyFault || error instanceof Problem)) throw error;
  });
}
