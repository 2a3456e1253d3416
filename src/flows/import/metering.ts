/**
 * Where the decoded packets of a capture go: to a meter in this thread, or to one in a thread of its own, which counts
 * while this one reads and decodes. The flows are the same, row for row.
 */
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { Problem } from '../../core/problem.ts';
import { Caller } from '../../core/thread.ts';
import type { Packet, RecordFormat, RecordLane } from '../../packets/index.ts';
import { kernelMemory } from '../meter/kernel/kernel.ts';
import { createMeter, type Meter } from '../meter/meter.ts';
import { PacketBlock, PacketPacker } from '../meter/packet-block.ts';
import { RingWriter, ringMemory } from '../meter/packet-ring.ts';
import { blocksAt, inputOf, isLaneEnough, ScanLane } from '../meter/scan-lane.ts';
import { type BatchLink, BatchSender } from './batch-channel.ts';
import { takeMeterThread } from './meter-start.ts';
import type { MeterArguments } from './meter-thread.ts';
import { bigOctets } from './read-start.ts';
import type { MeterSettings } from './settings.ts';

export type Metering = {
  /** Resolves when packets may be added. */
  readonly ready: Promise<unknown>;
  /** Counts a packet, now or soon; keeps nothing of it. */
  add(packet: Packet): void;
  /** Where the capture should be read to, for `lane` to be of use. */
  readonly input: Uint8Array;
  /** The quick way for plain records, where it tells enough; before or behind packets that are added, in their order. */
  lane(format: RecordFormat): RecordLane | undefined;
  /** Flows written so far. */
  readonly flows: number;
  /** Ends all flows, and the batches. Rejects with the reason where `add` has thrown. */
  end(): Promise<void>;
};

/** Meters into the batches of `link`. `octets` is the size of the capture as far as it is known; `sleepMs` as for a `RingWriter`. */
export const startMetering = (settings: MeterSettings, link: BatchLink, octets: number | null, sleepMs?: number): Metering =>
  availableParallelism() === 1 || (octets !== null && octets < bigOctets)
    ? new MeteringHere(settings, link)
    : new MeteringThread(settings, link, sleepMs);

const blockOctets = 65_536;

class MeteringHere implements Metering {
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

class MeteringThread implements Metering {
  readonly ready: Promise<unknown>;
  readonly #worker: Worker;
  readonly #packer: PacketPacker;
  readonly #memory = ringMemory();
  readonly #settings: MeterSettings;
  readonly #ring: RingWriter;
  readonly #done: Promise<void>;

  constructor(settings: MeterSettings, link: BatchLink, sleepMs: number | undefined) {
    this.#settings = settings;
    this.#packer = new PacketPacker(settings);
    this.#ring = new RingWriter(this.#memory, sleepMs);
    this.#worker = takeMeterThread();
    const caller = new Caller(this.#worker);
    const lose = (cause: unknown): void => {
      this.#ring.break();
      const hint = 'if it was memory: lower flows.imports.maxFlows or flows.imports.parallel';
      caller.lose(new Problem('internal', 'the thread that meters has ended', { cause, detail: String(cause), hint }));
    };
    this.#worker.on('error', lose);
    this.#worker.on('exit', (code) => lose(`it ended with code ${code}, and said nothing`));
    this.ready = caller.call('ready');
    this.#done = caller.call<void>('meter', { settings, ring: this.#memory.buffer, link } satisfies MeterArguments, {
      transfer: [link.port],
    });
    this.#done.catch(() => undefined); // `end` tells
  }

  get flows(): number {
    return this.#ring.flows;
  }

  get input(): Uint8Array {
    return inputOf(this.#memory);
  }

  lane(format: RecordFormat): RecordLane | undefined {
    return isLaneEnough(this.#settings) ? new ScanLane(this.#memory, this.#ring, !this.#settings.uniflow, format) : undefined;
  }

  add(packet: Packet): void {
    if (!this.#ring.block.hasRoom) this.#ring.handOver();
    this.#packer.pack(packet, this.#ring.block);
  }

  async end(): Promise<void> {
    try {
      this.#ring.end();
    } finally {
      if (this.#ring.isSilent) void this.#worker.terminate(); // should it only hang
      await this.#done.finally(() => this.#worker.terminate());
    }
  }
}
