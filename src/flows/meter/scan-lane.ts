/**
 * Plain records of a capture on their way into blocks of packets, by the kernel: what it takes never becomes a `Packet`. The capture is read
 * into the memory in which the kernel works and in which the blocks lie, so that nothing is copied.
 *
 *   memory:  | what `scan` is told | headroom | input | the rest, of whoever has made it: blocks of packets
 */
import type { RecordFormat, RecordLane } from '../../packets/index.ts';
import { keySeed } from './flow-key.ts';
import { type Kernel, startKernel } from './kernel/kernel.ts';
import { scanning } from './kernel/layout.ts';
import type { MeterOptions } from './options.ts';
import type { PacketBlock } from './packet-block.ts';

const toldOctets = 4096;
/** Octets in front of the input: for the start of a record whose end comes with what is read next. */
export const headroom = 65_536;
const inputAt = toldOctets + headroom;
/** Octets of a capture that are read at a time: as `readOctets` of core/byte-source.ts. */
const inputOctets = 524_288;
/** Where the rest of the memory begins. */
export const blocksAt = inputAt + inputOctets;

/** Where a capture is to be read to, in such a memory. */
export const inputOf = (memory: WebAssembly.Memory): Uint8Array => new Uint8Array(memory.buffer, inputAt, inputOctets);

/** Who gives blocks in the memory of the lane, one after the other, and takes them full. */
export type BlockGiver = { readonly block: PacketBlock; handOver(): void };

/** Whether the kernel's lines hold all that a meter of these options wants to know of a packet. */
export const isLaneEnough = ({ keepMacs, keyVlan, keyInterface, tunnels }: MeterOptions): boolean =>
  !keepMacs && !keyVlan && !keyInterface && tunnels === 'outer';

export class ScanLane implements RecordLane {
  taken = 0;
  readonly #memory: WebAssembly.Memory;
  readonly #kernel: Kernel;
  readonly #told: Int32Array;
  readonly #blocks: BlockGiver;

  constructor(
    memory: WebAssembly.Memory,
    blocks: BlockGiver,
    isBiflow: boolean,
    { nanosPerTick, fractionLimit, recordLimit }: RecordFormat,
  ) {
    this.#memory = memory;
    this.#kernel = startKernel(memory);
    this.#blocks = blocks;
    this.#told = new Int32Array(memory.buffer, 0, toldOctets / 4);
    this.#told[scanning.seed / 4] = keySeed;
    this.#told[scanning.nanosPerTick / 4] = nanosPerTick;
    this.#told[scanning.fractionLimit / 4] = fractionLimit;
    this.#told[scanning.recordLimit / 4] = recordLimit;
    this.#told[scanning.bothWays / 4] = isBiflow ? 1 : 0;
  }

  take(view: DataView, at: number, end: number): number {
    this.taken = 0;
    // A record that is longer than the headroom is put together elsewhere.
    if (view.buffer !== this.#memory.buffer) return at;
    const told = this.#told;
    for (let from = view.byteOffset + at; ; ) {
      const { block } = this.#blocks;
      const { byteOffset, byteLength } = block.words;
      told[scanning.out / 4] = byteOffset + block.length * 4;
      told[scanning.outEnd / 4] = byteOffset + byteLength;
      from = this.#kernel.scan(from, view.byteOffset + end);
      block.length = (told[scanning.out / 4]! - byteOffset) / 4;
      this.taken += told[scanning.taken / 4]!;
      if (block.hasRoom) return from - view.byteOffset;
      this.#blocks.handOver();
    }
  }
}
