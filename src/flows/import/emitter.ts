/** Where the importers put their rows: the batch at hand, and the door through which a full one leaves. */
import type { FlowBatch } from '../batch.ts';

/**
 * `batch` is filled row by row (its `count` is right whenever a parser returns). `full()` is called as soon as it holds
 * `batchRows` rows, or before where what its codes stand for has no more room: it takes the batch away and returns the next one, emptied, which also becomes `batch`. After `end()`
 * the last, part-filled batch is the emitter's to collect.
 */
export type Emitter = {
  readonly batch: FlowBatch;
  full(): FlowBatch;
};
