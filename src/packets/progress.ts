import type { CaptureInterface } from './link.ts';
import { Packet } from './packet.ts';
import type { CapturePlace } from './problems.ts';
import type { RecordFormat, RecordLane } from './record-lane.ts';
import { type CaptureWarning, CaptureWarnings } from './warnings.ts';

/** Receives the frames of a capture in the order of the file. */
export type FrameSink = {
  /**
   * One frame: `packet.captured` octets from `offset` of `view`. The time, length, interface and `fcsOctets` fields of `packet` are
   * filled (and `flags` holds `timeInferred` or 0); `decode` fills the rest. View and packet are reused: copy what must outlive the call.
   */
  frame(view: DataView, offset: number, packet: Packet, link: CaptureInterface): void;
  /** A way of its own for the plain records of a file, asked for when its header has been read. */
  lane?(format: RecordFormat): RecordLane | undefined;
};

/** A format's parser as the reader drives it. */
export type RecordParser = {
  /** Octets that the next record needs as far as is known: 16 for a header, more once the header told its length. */
  need: number;
  /** Consumes whole records of `view` between `start` and `end`; answers where the first incomplete one starts. Throws Problem. */
  scan(view: DataView, start: number, end: number): number;
};

/** What parsers share with their reader: the sink, the packet scratch, and what the reader will report. */
export class CaptureProgress {
  readonly sink: FrameSink;
  readonly packet = new Packet();
  readonly interfaces: CaptureInterface[] = [];
  readonly warnings = new CaptureWarnings();
  packets = 0;
  byteOrder: 'little' | 'big' = 'little';
  /** Offset in the file of octet 0 of the view that is being scanned. */
  baseOffset = 0;

  constructor(sink: FrameSink) {
    this.sink = sink;
  }

  place(at: number): CapturePlace {
    return { offset: this.baseOffset + at, goodPackets: this.packets };
  }

  warn(reason: CaptureWarning, at: number, packet: number): void {
    this.warnings.add(reason, this.baseOffset + at, packet);
  }
}
