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

/** One that can have its batches somewhere else. */
export type MovingEmitter = Emitter & {
  /** Has all batches from now on be made by `make`, each with a number of its own from 0 on; the one at hand, which is empty, too. */
  moveTo(make: (number: number) => FlowBatch): void;
};
