/** Frames of a capture on their way to the meter: decodes each once, opens tunnels when asked, counts what makes no flow. */
import {
  type CaptureInterface,
  decode,
  decodeInner,
  type FrameSink,
  outcomes,
  Packet,
  type RecordFormat,
  type RecordLane,
} from '../../packets/index.ts';
import type { MeterSettings } from './settings.ts';

/** A meter, as far as it takes packets. */
export type PacketTaker = { add(packet: Packet): void; lane?(format: RecordFormat): RecordLane | undefined };

/** Tunnels within tunnels that are opened at most. */
const maxDepth = 8;

export class CaptureIntake implements FrameSink {
  /** Packets by outcome, in the order of `outcomes`; the first are those that were decoded. */
  readonly counts = new Float64Array(outcomes.length);
  /** Frames that hold no IP, by their EtherType. */
  readonly etherTypes = new Map<number, number>();
  readonly #meter: PacketTaker;
  readonly #tunnels: MeterSettings['tunnels'];
  readonly #inner = Array.from({ length: maxDepth }, () => new Packet());

  constructor(meter: PacketTaker, tunnels: MeterSettings['tunnels']) {
    this.#meter = meter;
    this.#tunnels = tunnels;
  }

  frame(view: DataView, offset: number, packet: Packet, link: CaptureInterface): void {
    const result = decode(link.linkType, view, offset, packet);
    this.counts[result] = (this.counts[result] as number) + 1;
    if (result === 0) {
      if (this.#tunnels === 'outer') this.#meter.add(packet);
      else this.#open(view, packet);
    } else if (result === 1) this.etherTypes.set(packet.etherType, (this.etherTypes.get(packet.etherType) ?? 0) + 1);
  }

  /** The meter's own way, whose packets count as decoded. */
  lane(format: RecordFormat): RecordLane | undefined {
    const { counts } = this;
    const lane = this.#meter.lane?.(format);
    if (lane === undefined) return undefined;
    return {
      take(view, at, end) {
        const next = lane.take(view, at, end);
        counts[0]! += lane.taken;
        return next;
      },
      get taken() {
        return lane.taken;
      },
    };
  }

  /** Packets that made no flow, by reason. */
  get skipped(): Record<string, number> {
    const entries = outcomes.map((name, at) => [name, this.counts[at] as number] as const);
    return Object.fromEntries(entries.slice(1).filter(([, count]) => count > 0));
  }

  /** Meters the layers of a packet from the outside in: all of them, or only the innermost. */
  #open(view: DataView, outer: Packet): void {
    let packet = outer;
    for (let depth = 0; depth < maxDepth; depth++) {
      const inner = this.#inner[depth] as Packet;
      const isTunnel = decodeInner(view, packet, inner) === 0;
      if (!isTunnel || this.#tunnels === 'both') this.#meter.add(packet);
      if (!isTunnel) return;
      packet = inner;
    }
    this.#meter.add(packet);
  }
}
