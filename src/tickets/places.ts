/**
 * Where tickets are in the key tree (docs/adr/0010-tickets-on-keys.md tells why). In the space `public`:
 *
 *   /tickets/00000000000000000010            the description, and nothing but the description
 *   /tickets/_facts/00000000000000000011     all else of that ticket (JSON)
 *   /tickets/_comments/ID/INDEX              one comment (JSON)
 *   /tickets/_history/ID/INDEX               one change made by way of Weir (JSON)
 *
 * and in `system`, what Weir saw others do to descriptions:
 *
 *   /tickets/last/ID                         the last such change
 *   /tickets/log/ID/INDEX                    one such change that altered the text
 */
import { childOf, nameOf, type Path, parentOf, pathOf, textOf } from '../keys/index.ts';

export const ticketsDir: Path = '/tickets';
export const factsDir: Path = '/tickets/_facts';
export const commentsDir: Path = '/tickets/_comments';
export const historyDir: Path = '/tickets/_history';
export const lastDir: Path = '/tickets/last';
export const logDir: Path = '/tickets/log';

/** Bytes of an id at most; longer names are no tickets. */
const longestId = 255;

/** True for what can name a ticket: one path segment that is not hidden. */
export const isTicketId = (text: string): boolean =>
  /^[^_/][^/]*$/su.test(text) && Buffer.byteLength(text) <= longestId && text.isWellFormed();

/** The id of the ticket whose description is at a path; undefined when it is no such place. */
export function idAt(path: Path): string | undefined {
  if (parentOf(path) !== ticketsDir) return undefined;
  const id = textOf(nameOf(path));
  // A name that is not UTF-8 would not find its way back.
  return isTicketId(id) && descriptionAt(id) === path ? id : undefined;
}

export const descriptionAt = (id: string): Path => placeIn(ticketsDir, id);
export const commentsAt = (id: string): Path => placeIn(commentsDir, id);
export const historyAt = (id: string): Path => placeIn(historyDir, id);
export const lastAt = (id: string): Path => placeIn(lastDir, id);
export const logAt = (id: string): Path => placeIn(logDir, id);

const placeIn = (dir: Path, id: string): Path => childOf(dir, nameOf(pathOf(id)));

/**
 * Where the facts of a ticket are. A new ticket and its facts are two in-order keys of one transaction, so the facts of a
 * ticket that is named by an index are named by the next one: nobody else can ever get that name.
 */
export const factsAt = (id: string): Path => (isOrdered(id) ? childOf(factsDir, orderedName(BigInt(id) + 1n)) : placeIn(factsDir, id));

/** The id of the ticket whose facts are at a path below `factsDir`. */
export function idOfFacts(path: Path): string {
  const name = textOf(nameOf(path));
  return isOrdered(name) ? orderedName(BigInt(name) - 1n) : name;
}

const isOrdered = (name: string): boolean => /^[0-9]{20}$/.test(name);
const orderedName = (index: bigint): string => String(index).padStart(20, '0');
