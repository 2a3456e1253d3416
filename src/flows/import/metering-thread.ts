/** A meter in a thread of its own, which counts while this one reads and decodes. */
import type { Worker } from 'node:worker_threads';
import { Problem } from '../../core/problem.ts';
import { Caller } from '../../core/thread.ts';
import type { Packet, RecordFormat, RecordLane } from '../../packets/index.ts';
import { PacketPacker } from '../meter/packet-block.ts';
import { RingWriter, ringMemory } from '../meter/packet-ring.ts';
import { inputOf, isLaneEnough, ScanLane } from '../meter/scan-lane.ts';
import type { BatchLink } from './batch-channel.ts';
import { takeMeterThread } from './meter-start.ts';
import type { MeterArguments } from './meter-thread.ts';
import type { Metering } from './metering.ts';
import type { MeterSettings } from './settings.ts';

export class MeteringThread implements Metering {
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
