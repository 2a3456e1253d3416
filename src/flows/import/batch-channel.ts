/**
 * How batches travel from the reading thread to the writing thread and come back empty. The reader's side is
 * synchronous, since a parser in the middle of a block cannot await: with no empty batch at hand it sleeps on a shared
 * counter until the writer gives one back. So the number of batches is bounded, whatever the sizes.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Problem } from '../../core/problem.ts';
import { batchRows, FlowBatch } from '../batch.ts';
import { RecordBatch } from '../meter/record-batch.ts';
import type { Shape } from '../schema.ts';
import { Texts, type TextsPlace } from '../texts.ts';
import { runRows } from './run-size.ts';

/** Batches beside those that the writer holds as runs: enough to keep both threads busy. */
const batchesUnderWay = 8;
/** What a batch is made of: rows as columns of one of two shapes, or ended flows as records. */
type BatchOf = { named: FlowBatch; addressed: FlowBatch; record: RecordBatch };

/**
 * Batches that the writer holds at most in runs: one that is being collected, and those that are being written; named ones are quick. Records
 * are copied as they come, but pile up while a run is encoded.
 */
const heldBatches = (shape: keyof BatchOf): number => {
  if (shape === 'record') return Math.ceil(runRows.addressed / batchRows);
  return (shape === 'named' ? 2 : 3) * Math.ceil(runRows[shape] / batchRows + 1);
};

/** A full batch on its way: the buffers move, they are not copied. */
export type BatchMessage = RowsMessage | { shape: 'record'; count: number; buffer: ArrayBuffer };

type RowsMessage = {
  shape: Shape;
  count: number;
  buffer: ArrayBuffer;
  heap: Uint8Array<ArrayBuffer>;
  heapLength: number;
  isUnnamed: boolean;
  texts: TextsPlace | undefined;
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

const emptyBatch = <S extends keyof BatchOf>(shape: S, buffer?: ArrayBuffer): BatchOf[S] =>
  (shape === 'record' ? new RecordBatch(buffer) : new FlowBatch(shape as Shape, buffer)) as BatchOf[S];

/** The reader's end. */
export class BatchSender<S extends keyof BatchOf = Shape> {
  batch: BatchOf[S];
  /** Rows sent so far. */
  rows = 0;
  readonly #link: BatchLink;
  readonly #shape: S;
  readonly #hasOrdinals: boolean;
  readonly #onWait: () => void;
  #made = 1;

  /** `onWait` is called at least every second while it sleeps for an empty batch. */
  constructor(link: BatchLink, shape: S, hasOrdinals: boolean, onWait: () => void = () => undefined) {
    this.#onWait = onWait;
    this.#link = link;
    this.#shape = shape;
    this.#hasOrdinals = hasOrdinals;
    this.batch = emptyBatch(shape);
  }

  full(): BatchOf[S] {
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
    const batch: FlowBatch | RecordBatch = this.batch;
    const { count, buffer } = batch;
    this.rows += count;
    if (batch instanceof RecordBatch) {
      this.#link.port.postMessage({ shape: 'record', count, buffer } satisfies BatchMessage, [buffer]);
      return;
    }
    const { shape, heap, heapLength, isUnnamed, texts } = batch;
    const hasOrdinals = this.#hasOrdinals;
    const message: BatchMessage = { shape, count, buffer, heap, heapLength, isUnnamed, texts: texts?.place, hasOrdinals };
    this.#link.port.postMessage(message, [buffer, heap.buffer]);
  }

  #next(): BatchOf[S] {
    for (;;) {
      const seen = Atomics.load(this.#link.returned, 0);
      if (Atomics.load(this.#link.returned, 1) !== 0) throw new Problem('gone', writerFailed);
      const back = receiveMessageOnPort(this.#link.port);
      if (back !== undefined) return emptyBatch(this.#shape, back.message as ArrayBuffer).emptied() as BatchOf[S];
      if (this.#made < batchesUnderWay + heldBatches(this.#shape)) {
        this.#made++;
        return emptyBatch(this.#shape);
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
  take: (batch: FlowBatch | RecordBatch, hasOrdinals: boolean, release: () => void) => Promise<void>,
  signal: AbortSignal,
): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const giveBack = (index: 0 | 1): void => {
    Atomics.add(link.returned, index, 1);
    if (index === 1) Atomics.add(link.returned, 0, 1); // what the reader sleeps on
    Atomics.notify(link.returned, 0);
  };
  let texts: Texts | undefined;
  const batchOf = (message: RowsMessage): FlowBatch => {
    const { texts: place } = message;
    if (place?.serial !== texts?.place.serial) texts = place && new Texts(place);
    const batch = FlowBatch.received(message);
    batch.texts = texts;
    return batch;
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
      const isRecords = message.shape === 'record';
      const batch = isRecords ? new RecordBatch(message.buffer, message.count) : batchOf(message);
      await take(batch, !isRecords && message.hasOrdinals, () => {
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
