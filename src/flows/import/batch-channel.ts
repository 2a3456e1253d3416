/**
 * How batches travel from the reading thread to the writing thread and come back empty. The reader's side is
 * synchronous, since a parser in the middle of a block cannot await: with no empty batch at hand it sleeps on a shared
 * counter until the writer gives one back. So the number of batches is bounded, whatever the sizes.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Problem } from '../../core/problem.ts';
import { batchRows, FlowBatch } from '../batch.ts';
import type { Shape } from '../schema.ts';
import type { Emitter } from './emitter.ts';
import { runRows } from './run-size.ts';

/** Batches beside those that the writer holds as runs: enough to keep both threads busy. */
const batchesUnderWay = 8;
/** Runs that the writer holds at most: one that is being collected, and those that are being written; named ones are quick. */
const runsHeld: Record<Shape, number> = { named: 2, addressed: 3 };

const mostBatches = (shape: Shape): number => batchesUnderWay + runsHeld[shape] * Math.ceil(runRows[shape] / batchRows + 1);

/** A full batch on its way: the buffers move, they are not copied. */
export type BatchMessage = {
  shape: Shape;
  count: number;
  buffer: ArrayBuffer;
  heap: Uint8Array<ArrayBuffer>;
  heapLength: number;
  isUnnamed: boolean;
  /** Whether `id` holds the place of each row in its file; else rows are numbered as they come. */
  hasOrdinals: boolean;
};

const writerFailed = 'the thread that writes the flows has failed';

/** Whether a reader failed only because the writer did: then the writer's fault is the one to tell. */
export const isWriterFailure = (error: unknown): boolean => error instanceof Problem && error.title === writerFailed;

/** One end: a port, and a shared pair of a counter that rises with each batch given back, and a mark that the writer has failed. */
export type BatchLink = { port: MessagePort; returned: Int32Array };

/** Both ends of a new channel. */
export const linkThreads = (): { reader: BatchLink; writer: BatchLink } => {
  const { port1, port2 } = new MessageChannel();
  const returned = new Int32Array(new SharedArrayBuffer(8));
  return { reader: { port: port1, returned }, writer: { port: port2, returned } };
};

/** The reader's end. */
export class BatchSender implements Emitter {
  batch: FlowBatch;
  /** Rows sent so far. */
  rows = 0;
  readonly #link: BatchLink;
  readonly #hasOrdinals: boolean;
  readonly #onWait: () => void;
  #made = 1;

  /** `onWait` is called at least every second while it sleeps for an empty batch. */
  constructor(link: BatchLink, shape: Shape, hasOrdinals: boolean, onWait: () => void = () => undefined) {
    this.#onWait = onWait;
    this.#link = link;
    this.#hasOrdinals = hasOrdinals;
    this.batch = new FlowBatch(shape);
  }

  full(): FlowBatch {
    this.#send();
    this.batch = this.#next();
    return this.batch;
  }

  /** Sends what is left; the sender is of no use afterwards. */
  end(): void {
    if (this.batch.count > 0) this.#send();
    this.batch.count = 0;
    this.#link.port.postMessage(null);
  }

  #send(): void {
    const { shape, count, buffer, heap, heapLength, isUnnamed } = this.batch;
    this.rows += count;
    const message: BatchMessage = { shape, count, buffer, heap, heapLength, isUnnamed, hasOrdinals: this.#hasOrdinals };
    this.#link.port.postMessage(message, [buffer, heap.buffer]);
  }

  #next(): FlowBatch {
    const { shape } = this.batch;
    for (;;) {
      const seen = Atomics.load(this.#link.returned, 0);
      if (Atomics.load(this.#link.returned, 1) !== 0) throw new Problem('gone', writerFailed);
      const back = receiveMessageOnPort(this.#link.port);
      if (back !== undefined) return new FlowBatch(shape, back.message as ArrayBuffer).emptied();
      if (this.#made < mostBatches(shape)) {
        this.#made++;
        return new FlowBatch(shape);
      }
      this.#onWait();
      Atomics.wait(this.#link.returned, 0, seen, 1000);
    }
  }
}

/**
 * The writer's end: hands each batch to `take`, which gives its buffer back by `release`. Resolves at the end of the rows. When `take`
 * fails or the signal aborts nothing more is taken, and a reader that sleeps for an empty batch is woken to fail as well.
 */
export const receiveBatches = (
  link: BatchLink,
  take: (batch: FlowBatch, hasOrdinals: boolean, release: () => void) => Promise<void>,
  signal: AbortSignal,
): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const giveBack = (index: 0 | 1): void => {
    Atomics.add(link.returned, index, 1);
    if (index === 1) Atomics.add(link.returned, 0, 1); // what the reader sleeps on
    Atomics.notify(link.returned, 0);
  };
  let queue = Promise.resolve();
  const fail = (error: unknown): void => {
    giveBack(1);
    link.port.close();
    reject(error);
  };
  link.port.on('message', (message: BatchMessage | null) => {
    queue = queue.then(async () => {
      signal.throwIfAborted();
      if (message === null) return resolve();
      await take(FlowBatch.received(message), message.hasOrdinals, () => {
        link.port.postMessage(message.buffer, [message.buffer]);
        giveBack(0);
      });
    });
    queue.catch(fail);
  });
  const giveUp = (): void => {
    queue = queue.then(() => signal.throwIfAborted());
    queue.catch(fail);
  };
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  return promise;
};
