/**
 * How rows travel from the collecting thread to the writing one: as in an import, but with a cut every now and then, at
 * which what came before it is stored. The collecting thread never waits long: with no empty batch at hand it sleeps until
 * the writer gives one back, the kernel's buffers hold what comes meanwhile, and what they cannot hold is counted there.
 */
import { receiveMessageOnPort } from 'node:worker_threads';
import { FlowBatch } from '../batch.ts';
import type { BatchLink } from '../import/batch-channel.ts';
import type { Emitter } from '../import/emitter.ts';

/** A batch on its way; `isCut` asks to store everything up to and with it. */
export type RowMessage = {
  batch: { shape: 'addressed'; count: number; buffer: ArrayBuffer; heap: Uint8Array<ArrayBuffer>; heapLength: number; isUnnamed: boolean };
  isCut: boolean;
};

/** Milliseconds that the sender sleeps at a time. */
const napMs = 50;

export class RowSender implements Emitter {
  batch = new FlowBatch('addressed');
  /** How often there was no empty batch, and for how many milliseconds in all. */
  waits = 0;
  waitedMs = 0;
  readonly #link: BatchLink;
  readonly #most: number;
  #made = 1;
  #hasSent = false;

  /** `most` batches are in use at once, of some 2.7 MB each. */
  constructor(link: BatchLink, most: number) {
    this.#link = link;
    this.#most = Math.max(2, most);
  }

  full(): FlowBatch {
    this.#send(false);
    return this.batch;
  }

  /** Sends what there is, to be stored; nothing when nothing came since the last cut. */
  cut(): void {
    if (this.batch.count === 0 && !this.#hasSent) return;
    this.#send(true);
    this.#hasSent = false;
  }

  /** Tells the writer that this was all. */
  end(): void {
    this.cut();
    this.#link.port.postMessage(null);
  }

  #send(isCut: boolean): void {
    const { count, buffer, heap, heapLength, isUnnamed } = this.batch;
    this.#hasSent = true;
    const message: RowMessage = { batch: { shape: 'addressed', count, buffer, heap, heapLength, isUnnamed }, isCut };
    this.#link.port.postMessage(message, [buffer, heap.buffer]);
    this.batch = this.#next();
  }

  #next(): FlowBatch {
    for (let began = 0; ; ) {
      const seen = Atomics.load(this.#link.returned, 0);
      const back = receiveMessageOnPort(this.#link.port);
      if (back !== undefined) {
        if (began > 0) this.waitedMs += performance.now() - began;
        return new FlowBatch('addressed', back.message as ArrayBuffer).emptied();
      }
      if (this.#made < this.#most) {
        this.#made++;
        return new FlowBatch('addressed');
      }
      if (began === 0) {
        began = performance.now();
        this.waits++;
      }
      Atomics.wait(this.#link.returned, 0, seen, napMs);
    }
  }
}

/** The writer's end: takes one message after the other; `null` is the end. */
export const receiveRows = (link: BatchLink, take: (message: RowMessage, release: () => void) => Promise<void>): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let queue = Promise.resolve();
  link.port.on('message', (message: RowMessage | null) => {
    queue = queue.then(async () => {
      if (message === null) return resolve();
      const { buffer } = message.batch;
      await take(message, () => {
        link.port.postMessage(buffer, [buffer]);
        Atomics.add(link.returned, 0, 1);
        Atomics.notify(link.returned, 0);
      });
    });
  });
  return promise;
};
