/**
 * Packed packets from one thread to another: a ring of blocks in shared memory. Both sides are synchronous, for neither a
 * decoder in the middle of a chunk nor a meter can await: who has nothing to do sleeps on a counter of the other side.
 *
 *   control:  | written | taken | end | failed | flows | sign of life |  lengths of the blocks ...
 *   blocks:   block n is at n mod `blocks`; the writer's from `taken + blocks` to `written`, else the reader's
 *
 * The blocks are 1 MiB in all, so that what one core has written the other still finds in the cache.
 */
import { kernelMemory } from './kernel/kernel.ts';
import { PacketBlock } from './packet-block.ts';
import { blocksAt } from './scan-lane.ts';

const blocks = 16;
const blockOctets = 65_536;
const control = { written: 0, taken: 1, end: 2, failed: 3, flows: 4, alive: 5, lengths: 16 } as const;
const controlOctets = 128;
/** Behind what a lane needs: see scan-lane.ts. */
const controlAt = blocksAt;
/** Milliseconds that a side sleeps before it looks by itself. */
const patienceMs = 1000;
/** So often a writer looks in vain for a sign of life before it takes the reader for dead: counted, for a machine may sleep meanwhile. */
const patience = 30;

/** Memory for a new ring. */
export const ringMemory = (): WebAssembly.Memory => kernelMemory(controlAt + controlOctets + blocks * blockOctets);

const blockAt = (memory: SharedArrayBuffer, number: number): PacketBlock =>
  new PacketBlock(memory, controlAt + controlOctets + (number % blocks) * blockOctets, blockOctets);

const allBlocks = (memory: SharedArrayBuffer): PacketBlock[] => Array.from({ length: blocks }, (_, number) => blockAt(memory, number));

/** The reader has failed, or is dead, and takes no more; why is for the reader's thread to tell. */
export class RingBroken extends Error {
  constructor() {
    super('the other side of a ring of packets has failed');
  }
}

/** The side that fills blocks. */
export class RingWriter {
  /** The block to fill: empty at first. */
  block: PacketBlock;
  readonly #blocks: PacketBlock[];
  readonly #control: Int32Array;
  readonly #patienceMs: number;
  #written = 0;
  #isSilent = false;

  /** `sleepMs` is how long it sleeps at once, of which the reader may let thirty pass without a sign of life. */
  constructor({ buffer }: WebAssembly.Memory, sleepMs = patienceMs) {
    this.#patienceMs = sleepMs;
    this.#control = new Int32Array(buffer, controlAt, controlOctets / 4);
    this.#blocks = allBlocks(buffer);
    this.block = this.#blocks[0]!;
  }

  /** Hands the block over and goes on with the next, once it is free. Throws `RingBroken`. */
  handOver(): void {
    this.#control[control.lengths + (this.#written % blocks)] = this.block.length;
    this.#written++;
    Atomics.store(this.#control, control.written, this.#written);
    Atomics.notify(this.#control, control.written);
    this.block = this.#blocks[this.#written % blocks]!;
    this.block.length = 0;
    for (let silence = 0, sign = 0; silence < patience; silence++) {
      const taken = Atomics.load(this.#control, control.taken);
      if (Atomics.load(this.#control, control.failed) !== 0) throw new RingBroken();
      if (((this.#written - taken) | 0) < blocks) return;
      const alive = Atomics.load(this.#control, control.alive);
      if (alive !== sign) silence = 0;
      sign = alive;
      Atomics.wait(this.#control, control.taken, taken, this.#patienceMs);
    }
    this.#isSilent = true;
    this.break();
    throw new RingBroken();
  }

  /** The reader gave no sign of life for so long that it is taken for dead: a thread can end without a word, and nobody tells one that sleeps. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Lets the next `handOver` fail: the reader is known to have ended. */
  break(): void {
    Atomics.store(this.#control, control.failed, 1);
  }

  /** Hands over what is left and says that nothing follows. */
  end(): void {
    this.handOver();
    // The reader sleeps on the number of blocks, so the end is one more; it is known before that can be seen.
    Atomics.store(this.#control, control.end, this.#written + 1);
    Atomics.store(this.#control, control.written, this.#written + 1);
    Atomics.notify(this.#control, control.written);
  }

  /** Flows that the reader has told of so far. */
  get flows(): number {
    return Atomics.load(this.#control, control.flows);
  }
}

/** The side that empties blocks. */
export class RingReader {
  readonly #blocks: PacketBlock[];
  readonly #control: Int32Array;
  #taken = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#control = new Int32Array(memory, controlAt, controlOctets / 4);
    this.#blocks = allBlocks(memory);
  }

  /** Hands each block to `take` in order, until the end. An error of `take` is thrown, and the writer's next call fails. */
  drain(take: (block: PacketBlock) => void): void {
    try {
      for (let block = this.#next(); block !== undefined; block = this.#next()) {
        take(block);
        this.#release();
      }
    } catch (error) {
      Atomics.store(this.#control, control.failed, 1);
      this.#release();
      throw error;
    }
  }

  /** Tells the writer how many flows there are so far. */
  set flows(count: number) {
    Atomics.store(this.#control, control.flows, count);
  }

  /** A sign of life, for whoever waits for something else in the middle of a block: at least once in some seconds. */
  giveSign(): void {
    Atomics.add(this.#control, control.alive, 1);
  }

  /** The next block, or undefined at the end. */
  #next(): PacketBlock | undefined {
    for (;;) {
      const written = Atomics.load(this.#control, control.written);
      if (written === this.#taken) Atomics.wait(this.#control, control.written, written, patienceMs);
      else if (Atomics.load(this.#control, control.end) === this.#taken + 1) return undefined;
      else break;
    }
    const at = this.#taken % blocks;
    const block = this.#blocks[at]!;
    block.length = this.#control[control.lengths + at]!;
    return block;
  }

  #release(): void {
    this.#taken++;
    this.giveSign();
    Atomics.store(this.#control, control.taken, this.#taken);
    Atomics.notify(this.#control, control.taken);
  }
}
