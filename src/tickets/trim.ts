/** How histories are kept short: every sixteenth entry beyond the limit takes the oldest along, so few writes pay for it. */
import type { KeyNode, Operation } from '../keys/index.ts';

const step = 16;

/** True when a history into which `written` entries ever went should be looked at. */
export const isTrimDue = (written: number, limit: number): boolean => written > limit && written % step === 0;

/** Deletes the oldest nodes beyond the limit; not too many at once, since a cluster's transactions are small. */
export const removalOfOldest = (nodes: readonly KeyNode[], limit: number): Operation[] =>
  nodes.slice(0, Math.max(0, Math.min(nodes.length - limit, 2 * step))).map(({ path }) => ({ action: 'delete', path }));
