import type { Operation } from '../tree/operation.ts';
import { requestLength, writeRequest } from './operations.ts';

/** First size of a message; the next ones begin as large as the last was. */
const leastBytes = 16 * 1024;

/** Gathers the writes of one turn of the event loop and sends them as one message: a message costs more than a write. */
export class Outbox {
  readonly #send: (buffer: ArrayBuffer, length: number) => void;
  #bytes: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(leastBytes);
  #length = 0;

  constructor(send: (buffer: ArrayBuffer, length: number) => void) {
    this.#send = send;
  }

  /** Adds one write. The values are copied: they may be changed afterwards. */
  put(ordinal: number, operations: readonly Operation[]): void {
    const needed = this.#length + requestLength(operations);
    if (needed > this.#bytes.length) this.#grow(needed);
    if (this.#length === 0) setImmediate(() => this.#flush());
    this.#length = writeRequest(ordinal, operations, this.#bytes, this.#length);
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }

  #flush(): void {
    const { buffer } = this.#bytes;
    const length = this.#length;
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(leastBytes, Math.min(length * 2, 2 ** 20)));
    this.#length = 0;
    this.#send(buffer, length);
  }
}
