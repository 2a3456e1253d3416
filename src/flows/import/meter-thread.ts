/** The metering thread of one import: takes packed packets from the reading thread, and sends flows to the writing one. */
import { parentPort } from 'node:worker_threads';
import { serveCalls } from '../../core/thread.ts';
import { createMeter } from '../meter/meter.ts';
import { RingReader } from '../meter/packet-ring.ts';
import { type BatchLink, BatchSender } from './batch-channel.ts';
import type { MeterSettings } from './settings.ts';

export type MeterArguments = { settings: MeterSettings; ring: SharedArrayBuffer; link: BatchLink };

if (parentPort === null) throw new Error('meter-thread.ts runs as a worker thread');
serveCalls(parentPort, {
  /** Answered at once when the thread runs: who fills the ring before that may sleep for nobody. */
  ready: async () => undefined,
  meter: async ({ settings, ring, link }: MeterArguments) => {
    const packets = new RingReader(ring);
    const sender = new BatchSender(link, 'record', false, () => packets.giveSign());
    const meter = createMeter(settings, sender);
    packets.drain((block) => {
      meter.addBlock(block);
      packets.flows = sender.rows + sender.batch.count;
    });
    meter.flush();
    sender.end();
    packets.flows = sender.rows;
  },
});
