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
import { placedBatch } from './placed-batch.ts';
import { batchesUnderWay, heldNamed, runRows } from './run-size.ts';

/** What a batch is made of: rows as columns of one of two shapes, or ended flows as records. */
type BatchOf = { named: FlowBatch; addressed: FlowBatch; record: RecordBatch };

/**
 * Batches that the writer holds at most in runs: one that is being collected, and those that are being written; named ones are quick. Records
 * are copied as they come, but pile up while a run is encoded.
 */
const heldBatches = (shape: keyof BatchOf): number => {
  if (shape === 'record') return Math.ceil(runRows.addressed / batchRows);
  return shape === 'named' ? heldNamed : 3 * Math.ceil(runRows[shape] / batchRows + 1);
};

/** A full batch on its way: the buffers move, they are not copied. */
export type BatchMessage = RowsMessage | PlacedMessage | { shape: 'record'; count: number; buffer: ArrayBuffer };

/** A batch in memory that both have; `texts` are told with the first of them. */
type PlacedMessage = { shape: 'placed'; count: number; place: PlacedNumber; texts: TextsPlace | undefined; hasOrdinals: boolean };
type PlacedNumber = { serial: number; number: number };

type RowsMessage = {
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
  #make: (number: number) => BatchOf[S];
  #made = 1;
  /** Batches in shared memory by their numbers, and the serial number of their texts, which the writer may not know yet. */
  #placed: BatchOf[S][] = [];
  #serial: number | undefined;

  /** `onWait` is called at least every second while it sleeps for an empty batch. */
  constructor(link: BatchLink, shape: S, hasOrdinals: boolean, onWait: () => void = () => undefined) {
    this.#onWait = onWait;
    this.#link = link;
    this.#shape = shape;
    this.#hasOrdinals = hasOrdinals;
    this.#make = () => emptyBatch(shape);
    this.batch = emptyBatch(shape);
  }

  /** See `MovingEmitter`; such batches may lie in shared memory. */
  moveTo(make: (number: number) => BatchOf[S]): void {
    this.#make = make;
    this.#made = 0;
    this.#placed = [];
    this.#serial = undefined;
    this.batch = this.#another();
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
    const { shape, heap, heapLength, isUnnamed, number, texts } = batch;
    const hasOrdinals = this.#hasOrdinals;
    if (number !== undefined && texts !== undefined) {
      const { serial } = texts.place;
      const news = serial === this.#serial ? undefined : texts.place;
      this.#serial = serial;
      this.#link.port.postMessage({ shape: 'placed', count, place: { serial, number }, texts: news, hasOrdinals } satisfies BatchMessage);
      return;
    }
    const message: BatchMessage = { shape, count, buffer, heap, heapLength, isUnnamed, hasOrdinals };
    this.#link.port.postMessage(message, [buffer, heap.buffer]);
  }

  #another(): BatchOf[S] {
    const number = this.#made++;
    const batch = this.#make(number);
    if (batch instanceof FlowBatch && batch.number !== undefined) this.#placed[number] = batch;
    return batch;
  }

  /** A batch that has come back, emptied; undefined where it was one of earlier texts. */
  #emptied(back: ArrayBuffer | PlacedNumber): BatchOf[S] | undefined {
    if (back instanceof ArrayBuffer) return emptyBatch(this.#shape, back).emptied() as BatchOf[S];
    return back.serial === this.#serial ? (this.#placed[back.number]?.emptied() as BatchOf[S] | undefined) : undefined;
  }

  #next(): BatchOf[S] {
    for (;;) {
      const seen = Atomics.load(this.#link.returned, 0);
      if (Atomics.load(this.#link.returned, 1) !== 0) throw new Problem('gone', writerFailed);
      const back = receiveMessageOnPort(this.#link.port);
      if (back !== undefined) {
        const batch = this.#emptied(back.message as ArrayBuffer | PlacedNumber);
        if (batch === undefined) continue;
        return batch;
      }
      if (this.#made < batchesUnderWay + heldBatches(this.#shape)) return this.#another();
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
  let placed: FlowBatch[] = [];
  const placedOf = (message: PlacedMessage): FlowBatch => {
    if (message.texts !== undefined) {
      texts = new Texts(message.texts);
      placed = [];
    }
    const { number } = message.place;
    const batch = placed[number] ?? placedBatch(texts as Texts, number);
    placed[number] = batch;
    batch.count = message.count;
    return batch;
  };
  const batchOf = (message: BatchMessage): FlowBatch | RecordBatch => {
    if (message.shape === 'record') return new RecordBatch(message.buffer, message.count);
    return message.shape === 'placed' ? placedOf(message) : FlowBatch.received(message);
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
      if (message === null) {
        // Threads that stay for the next import have another port for each. Nobody waits for batches any more.
        link.port.close();
        return resolve();
      }
      await take(batchOf(message), message.shape !== 'record' && message.hasOrdinals, () => {
        if (message.shape === 'placed') link.port.postMessage(message.place);
        else link.port.postMessage(message.buffer, [message.buffer]);
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
