/**
 * Where the decoded packets of a capture go: to a meter in this thread, or to one in a thread of its own, which counts
 * while this one reads and decodes. The flows are the same, row for row.
 */
import { availableParallelism } from 'node:os';
import type { Packet, RecordFormat, RecordLane } from '../../packets/index.ts';
import type { BatchLink } from './batch-channel.ts';
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
export const startMetering = async (
  settings: MeterSettings,
  link: BatchLink,
  octets: number | null,
  sleepMs?: number,
): Promise<Metering> => {
  // One is loaded without the other: a thread that reads for another has no meter, and begins sooner.
  if (availableParallelism() === 1 || (octets !== null && octets < bigOctets)) {
    const { MeteringHere } = await import('./metering-here.ts');
    return new MeteringHere(settings, link);
  }
  const { MeteringThread } = await import('./metering-thread.ts');
  return new MeteringThread(settings, link, sleepMs);
};
