import { availableParallelism } from 'node:os';
import type { BatchLink } from './batch-channel.ts';
import type { Metering } from './metering.ts';
import { bigOctets } from './read-start.ts';
import type { MeterSettings } from './settings.ts';

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
