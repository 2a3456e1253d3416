import { CaptureInterface, linkTypes } from './link.ts';
import { packetFlags } from './packet.ts';
import { corruptCapture, unreadableCapture } from './problems.ts';
import type { CaptureProgress, RecordParser } from './progress.ts';
import type { RecordFormat, RecordLane } from './record-lane.ts';

/*
 * Classic pcap (draft-ietf-opsawg-pcap).
 *
 *   file header, 24 octets                      record header, 16 octets (24 in "modified" files)
 *   0 magic   4 major  6 minor   8 zone         0 seconds   4 fraction   8 captured   12 original
 *   12 accuracy   16 snap length   20 link      [16 interface index  20 protocol  22 type  23 pad]
 */

/** Octets of the file header. */
export const pcapHeaderOctets = 24;

/** Magic numbers as a big-endian read of the first four octets sees them. */
export const pcapMagics = new Map<number, { little: boolean; nano: boolean; recordOctets: number }>([
  [0xd4c3b2a1, { little: true, nano: false, recordOctets: 16 }],
  [0xa1b2c3d4, { little: false, nano: false, recordOctets: 16 }],
  [0x4d3cb2a1, { little: true, nano: true, recordOctets: 16 }],
  [0xa1b23c4d, { little: false, nano: true, recordOctets: 16 }],
  // Alexey Kuznetsov's patch for old Linux: eight octets more in each record.
  [0x34cdb2a1, { little: true, nano: false, recordOctets: 24 }],
  [0xa1b2cd34, { little: false, nano: false, recordOctets: 24 }],
]);

/** libpcap's MAXIMUM_SNAPLEN: a longer record is corruption, unless the file's snap length announces it ... */
const usualLimit = 262_144;
/** ... and never above this (GSO, USB and D-Bus captures reach 512 KiB). */
export const recordLimit = 1_048_576;

/** Link type field: 16 bits of type, 10 reserved, 1 "FCS length is present", 1 reserved, 4 of FCS length in 16-bit words. */
const reservedLinkBits = 0x03ff_0000;
const fcsIsPresent = 0x0400_0000;

/** Parses one classic file: the header at the first call, then records. */
export class PcapParser implements RecordParser {
  need = pcapHeaderOctets;
  readonly #progress: CaptureProgress;
  #link: CaptureInterface | undefined;
  #little = true;
  #fractionLimit = 1_000_000;
  #nanosPerTick = 1000;
  #recordOctets = 16;
  #limit = usualLimit;
  /** Files before version 2.3 store the two lengths the other way round; 2.3 was written both ways. */
  #minor = 4;
  #lane: RecordLane | undefined;

  constructor(progress: CaptureProgress) {
    this.#progress = progress;
  }

  scan(view: DataView, start: number, end: number): number {
    const link = this.#link;
    if (link) return this.#scanRecords(view, start, end, link);
    if (end - start < pcapHeaderOctets) return start;
    return this.#scanRecords(view, start + pcapHeaderOctets, end, this.#readHeader(view, start));
  }

  #readHeader(view: DataView, at: number): CaptureInterface {
    const magic = pcapMagics.get(view.getUint32(at));
    if (!magic) throw unreadableCapture('The first four octets are no magic number of classic pcap.');
    const little = magic.little;
    const major = view.getUint16(at + 4, little);
    this.#minor = view.getUint16(at + 6, little);
    if (major !== 2) throw unreadableCapture(`The file says pcap version ${major}.${this.#minor}; version 2 was expected.`);
    const snapLength = view.getUint32(at + 16, little);
    const linkField = view.getUint32(at + 20, little);
    if ((linkField & reservedLinkBits) !== 0) {
      throw unreadableCapture(`The link type field is 0x${linkField.toString(16)}: its reserved bits (0x03ff0000) must be 0.`);
    }
    this.#little = little;
    this.#recordOctets = magic.recordOctets;
    this.#limit = Math.min(recordLimit, Math.max(usualLimit, snapLength));
    if (magic.nano) {
      this.#fractionLimit = 1_000_000_000;
      this.#nanosPerTick = 1;
    }
    const link = new CaptureInterface(0, 0, linkField & 0xffff, snapLength);
    if (linkField & fcsIsPresent) link.fcsOctets = (linkField >>> 28) * 2;
    if (magic.nano) link.ticksPerSecond = 1_000_000_000n;
    this.#link = link;
    this.#progress.byteOrder = little ? 'little' : 'big';
    this.#progress.interfaces.push(link);
    this.need = magic.recordOctets;
    if (this.#isPlain(link)) this.#lane = this.#progress.sink.lane?.(this.#format());
    return link;
  }

  #isPlain({ linkType, fcsOctets }: CaptureInterface): boolean {
    return this.#little && this.#recordOctets === 16 && this.#minor >= 4 && linkType === linkTypes.ethernet && fcsOctets === 0;
  }

  #format(): RecordFormat {
    return { nanosPerTick: this.#nanosPerTick, fractionLimit: this.#fractionLimit, recordLimit: this.#limit };
  }

  #scanRecords(view: DataView, start: number, end: number, link: CaptureInterface): number {
    const { sink, packet } = this.#progress;
    const little = this.#little;
    const headerOctets = this.#recordOctets;
    const limit = this.#limit;
    const nanosPerTick = this.#nanosPerTick;
    const fractionLimit = this.#fractionLimit;
    const swapsLengths = this.#minor < 4;
    const lane = this.#lane;
    let at = start;
    let packets = this.#progress.packets;
    this.need = headerOctets;
    while (end - at >= headerOctets) {
      if (lane !== undefined) {
        at = lane.take(view, at, end);
        packets += lane.taken;
        if (end - at < headerOctets) break;
      }
      let captured = view.getUint32(at + 8, little);
      let original = view.getUint32(at + 12, little);
      if (swapsLengths && (this.#minor < 3 || captured > original)) [captured, original] = [original, captured];
      if (captured > limit) {
        this.#progress.packets = packets;
        throw corruptCapture(
          this.#progress.place(at),
          `The record claims ${captured} captured octets, where at most ${limit} are possible.`,
        );
      }
      if (end - at < headerOctets + captured) {
        this.need = headerOctets + captured;
        break;
      }
      packets++;
      packet.flags = 0;
      packet.seconds = view.getUint32(at, little);
      const fraction = view.getUint32(at + 4, little);
      if (fraction < fractionLimit) packet.nanos = fraction * nanosPerTick;
      else this.#carryFraction(at, fraction, packets);
      packet.captured = captured;
      if (original >= captured) packet.original = Math.min(original, 0x7fff_ffff);
      else {
        packet.original = captured;
        this.#progress.warn('captured_exceeds_original', at, packets);
      }
      packet.interfaceIndex = 0;
      packet.fcsOctets = link.fcsOctets;
      sink.frame(view, at + headerOctets, packet, link);
      at += headerOctets + captured;
    }
    link.packets += packets - this.#progress.packets;
    this.#progress.packets = packets;
    return at;
  }

  /** Some writers leave a fraction of a second or more (timestamp_invalid_nano.pcap of tcpdump's tests). */
  #carryFraction(at: number, fraction: number, packets: number): void {
    const { packet } = this.#progress;
    const whole = Math.floor(fraction / this.#fractionLimit);
    packet.seconds += whole;
    packet.nanos = (fraction - whole * this.#fractionLimit) * this.#nanosPerTick;
    packet.flags = packetFlags.timeInferred;
    this.#progress.warn('fraction_out_of_rule', at, packets);
  }
}
