import type { Packet, RecordFormat, RecordLane } from '../../packets/index.ts';

/**
 * Where the decoded packets of a capture go: to a meter in this thread (metering-here.ts), or to one in a thread of its own, which counts
 * while this one reads and decodes (metering-thread.ts). The flows are the same, row for row.
 */
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
