/** BLAKE3 (specification of 2020): a tree of chunks of 1,024 bytes, each a chain of blocks of 64. Plain hashing, 32 bytes of output. */
import { type Block, compress, iv } from './blake3-compress.ts';

const blockBytes = 64;
const chunkBytes = 1024;
const flags = { chunkStart: 1, chunkEnd: 2, parent: 4, root: 8 } as const;

export class Blake3 {
  /** Chaining values of whole subtrees, the largest first: as the ones of the binary number of chunks are. */
  readonly #stack: Uint32Array[] = [];
  readonly #chain = Uint32Array.from(iv);
  readonly #buffer = new Uint8Array(blockBytes);
  readonly #block: Block = { words: new Uint32Array(16), length: 0, counter: 0, flags: 0 };
  /** Bytes of the current block, and of the current chunk before it. */
  #held = 0;
  #before = 0;
  #chunks = 0;

  update(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      // A full block is only compressed when more comes: the last of all is treated differently.
      if (this.#held === blockBytes) this.#endBlock();
      const end = Math.min(bytes.length, at + blockBytes - this.#held);
      this.#buffer.set(bytes.subarray(at, end), this.#held);
      this.#held += end - at;
      at = end;
    }
  }

  /** The hash of all bytes so far; more may follow. */
  digest(): Uint8Array {
    const chain = Uint32Array.from(this.#chain);
    let block = this.#lastBlock();
    for (const left of this.#stack.toReversed()) {
      const right = new Uint32Array(8);
      compress(chain, block, right);
      chain.set(iv);
      block = parentOf(left, right);
    }
    compress(chain, { ...block, counter: 0, flags: block.flags | flags.root }, chain);
    const out = Buffer.alloc(32);
    for (const [at, word] of chain.entries()) out.writeUInt32LE(word, 4 * at);
    return out;
  }

  #endBlock(): void {
    const isLast = this.#before + blockBytes === chunkBytes;
    const block = this.#block;
    this.#read(block.words);
    block.length = blockBytes;
    block.counter = this.#chunks;
    block.flags = (this.#before === 0 ? flags.chunkStart : 0) | (isLast ? flags.chunkEnd : 0);
    compress(this.#chain, block, this.#chain);
    this.#held = 0;
    this.#before += blockBytes;
    if (isLast) this.#endChunk();
  }

  #endChunk(): void {
    let value = Uint32Array.from(this.#chain);
    this.#chain.set(iv);
    this.#before = 0;
    this.#chunks++;
    // As many subtrees are whole now as the number of chunks has zeros at its end.
    for (let chunks = this.#chunks; chunks % 2 === 0; chunks /= 2) {
      const parent = parentOf(this.#stack.pop() as Uint32Array, value);
      value = new Uint32Array(8);
      compress(iv, parent, value);
    }
    this.#stack.push(value);
  }

  #lastBlock(): Block {
    const words = new Uint32Array(16);
    this.#buffer.fill(0, this.#held);
    this.#read(words);
    return { words, length: this.#held, counter: this.#chunks, flags: (this.#before === 0 ? flags.chunkStart : 0) | flags.chunkEnd };
  }

  #read(words: Uint32Array): void {
    const bytes = this.#buffer;
    for (let at = 0; at < 16; at++) {
      const from = 4 * at;
      words[at] =
        (bytes[from] as number) |
        ((bytes[from + 1] as number) << 8) |
        ((bytes[from + 2] as number) << 16) |
        ((bytes[from + 3] as number) << 24);
    }
  }
}

function parentOf(left: Uint32Array, right: Uint32Array): Block {
  const words = new Uint32Array(16);
  words.set(left);
  words.set(right, 8);
  return { words, length: blockBytes, counter: 0, flags: flags.parent };
}
