/** A meter in the thread that reads: for small captures, and where there is one core. */
import type { Packet, RecordFormat, RecordLane } from '../../packets/index.ts';
import { kernelMemory } from '../meter/kernel/kernel.ts';
import { createMeter, type Meter } from '../meter/meter.ts';
import { PacketBlock, PacketPacker } from '../meter/packet-block.ts';
import { blocksAt, inputOf, isLaneEnough, ScanLane } from '../meter/scan-lane.ts';
import { type BatchLink, BatchSender } from './batch-channel.ts';
import type { Metering } from './metering.ts';
import type { MeterSettings } from './settings.ts';

const blockOctets = 65_536;

export class MeteringHere implements Metering {
  readonly ready = Promise.resolve();
  readonly block: PacketBlock;
  readonly #settings: MeterSettings;
  readonly #sender: BatchSender<'record'>;
  readonly #meter: Meter;
  readonly #memory = kernelMemory(blocksAt + blockOctets);
  readonly #packer: PacketPacker;

  constructor(settings: MeterSettings, link: BatchLink) {
    this.#settings = settings;
    this.#sender = new BatchSender(link, 'record', false);
    this.#meter = createMeter(settings, this.#sender);
    this.block = new PacketBlock(this.#memory.buffer, blocksAt, blockOctets);
    this.#packer = new PacketPacker(settings);
  }

  get flows(): number {
    return this.#sender.rows + this.#sender.batch.count;
  }

  get input(): Uint8Array {
    return inputOf(this.#memory);
  }

  lane(format: RecordFormat): RecordLane | undefined {
    return isLaneEnough(this.#settings) ? new ScanLane(this.#memory, this, !this.#settings.uniflow, format) : undefined;
  }

  add(packet: Packet): void {
    if (!this.block.hasRoom) this.handOver();
    this.#packer.pack(packet, this.block);
  }

  handOver(): void {
    this.#meter.addBlock(this.block);
    this.block.length = 0;
  }

  async end(): Promise<void> {
    this.handOver();
    this.#meter.flush();
    this.#sender.end();
  }
}
