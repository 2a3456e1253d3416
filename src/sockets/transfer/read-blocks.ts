const blockBytes = 1024 * 1024;
/** Blocks that wait for the next reads. */
const mostFree = 8;

/** Memory that a connection is read into, again and again. */
export class ReadBlocks {
  readonly #free: ArrayBuffer[] = [];
  readonly #lent = new WeakSet<ArrayBufferLike>();

  take(): Uint8Array<ArrayBuffer> {
    const memory = this.#free.pop() ?? (Buffer.allocUnsafeSlow(blockBytes).buffer as ArrayBuffer);
    this.#lent.add(memory);
    return new Uint8Array(memory);
  }

  /** True when nobody else has anything in the memory of a chunk that was read: it is a block, or came from the system alone. */
  isAlone(chunk: Uint8Array): boolean {
    return chunk.byteLength === chunk.buffer.byteLength || this.#lent.has(chunk.buffer);
  }

  /** Takes memory back in which nothing is needed any more. */
  giveBack(memory: ArrayBufferLike): void {
    if (!(memory instanceof ArrayBuffer) || memory.detached || this.#free.includes(memory)) return;
    if (this.#lent.delete(memory) && this.#free.length < mostFree) this.#free.push(memory);
    // Freed at once: a gigabyte in chunks of 64 KiB makes V8 collect everything it has a dozen times, only to find that they are not
    // in use, which takes more of the processor than all of the copying.
    else memory.transfer(0);
  }
}
