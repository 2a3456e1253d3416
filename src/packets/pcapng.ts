import { CaptureInterface, undeclaredLink } from './link.ts';
import { packetFlags } from './packet.ts';
import { corruptCapture, unreadableCapture } from './problems.ts';
import type { CaptureProgress, RecordParser } from './progress.ts';
import { Clock, ticksOfResolution } from './timestamp.ts';

/*
 * pcapng (draft-ietf-opsawg-pcapng). Every block:
 *
 *   0 type   4 total length   8 body ...   total length again
 *
 * The byte order is that of the section; the type of the section header reads the same in both.
 */

/** Block types that are read; all others are skipped by their length. Secrets (10) are among those, on purpose. */
export const sectionHeaderType = 0x0a0d0d0a;
const interfaceType = 1;
const oldPacketType = 2;
const simplePacketType = 3;
const statisticsType = 5;
const packetType = 6;

/** Octets of a block at most, as in libpcap and Wireshark: a longer one is corruption. Bounds what the reader holds. */
export const blockLimit = 16 * 1_048_576;
/** Sections and interfaces a file may declare: far above real files, and a bound on memory. */
const interfaceLimit = 10_000;

/** Octets kept of an interface's name, description or filter. */
const textLimit = 256;

const text = new TextDecoder();

/** An interface of the current section with its ready-made clock. */
type Source = { link: CaptureInterface; clock: Clock };

/** Parses one pcapng file, any number of sections. */
export class PcapngParser implements RecordParser {
  need = 12;
  readonly #progress: CaptureProgress;
  #little = true;
  #section = -1;
  #sources: Source[] = [];
  #undeclared = new CaptureInterface(-1, 0, undeclaredLink, 0);
  #declared = 0;

  constructor(progress: CaptureProgress) {
    this.#progress = progress;
  }

  scan(view: DataView, start: number, end: number): number {
    let at = start;
    for (;;) {
      this.need = 12;
      if (end - at < 12) return at;
      const type = view.getUint32(at, this.#little);
      if (type === sectionHeaderType) this.#readByteOrder(view, at);
      const length = view.getUint32(at + 4, this.#little);
      this.#checkLength(at, type, length);
      // Lenient on reading: some writers leave the padding to 4 out of the length, yet pad the block.
      const padded = (length + 3) & ~3;
      if (end - at < padded) {
        this.need = padded;
        return at;
      }
      const trailer = view.getUint32(at + padded - 4, this.#little);
      if (trailer !== length)
        throw this.#corrupt(at, `The block of type ${hex(type)} begins with length ${length} and ends with ${trailer}.`);
      this.#readBlock(view, at, at + padded - 4, type);
      at += padded;
    }
  }

  #readBlock(view: DataView, at: number, end: number, type: number): void {
    if (type === packetType) this.#readPacket(view, at, end, view.getUint32(at + 8, this.#little), 28);
    else if (type === sectionHeaderType) this.#openSection(view, at, end);
    else if (type === interfaceType) this.#readInterface(view, at, end);
    else if (type === simplePacketType) this.#readSimplePacket(view, at, end);
    else if (type === oldPacketType) this.#readOldPacket(view, at, end);
    else if (type === statisticsType) this.#readStatistics(view, at, end);
  }

  #readByteOrder(view: DataView, at: number): void {
    const magic = view.getUint32(at + 8);
    if (magic === 0x4d3c2b1a) this.#little = true;
    else if (magic === 0x1a2b3c4d) this.#little = false;
    else throw this.#corrupt(at, `The byte order magic of the section header is ${hex(magic)}; expected 0x1a2b3c4d in one of both orders.`);
  }

  #checkLength(at: number, type: number, length: number): void {
    const least = type === sectionHeaderType ? 28 : 12;
    if (length >= least && length <= blockLimit) return;
    throw this.#corrupt(at, `The block of type ${hex(type)} claims ${length} octets; expected ${least} to ${blockLimit}.`);
  }

  #openSection(view: DataView, at: number, end: number): void {
    const major = view.getUint16(at + 12, this.#little);
    const minor = view.getUint16(at + 14, this.#little);
    if (major !== 1) {
      const detail = `The section header at offset ${this.#progress.place(at).offset} says pcapng version ${major}.${minor}; version 1 was expected.`;
      throw this.#section < 0 ? unreadableCapture(detail) : this.#corrupt(at, detail);
    }
    if (!this.#walkOptions(view, at + 24, end, () => undefined))
      throw this.#corrupt(at, 'An option of the section header is longer than its block.');
    this.#section++;
    this.#sources = [];
    this.#progress.byteOrder = this.#little ? 'little' : 'big';
    this.#progress.packet.seconds = 0;
    this.#progress.packet.nanos = 0;
  }

  #readInterface(view: DataView, at: number, end: number): void {
    if (this.#isShort(at, end, 16)) return;
    if (++this.#declared > interfaceLimit) throw this.#corrupt(at, `More than ${interfaceLimit} interfaces are declared.`);
    const little = this.#little;
    const link = new CaptureInterface(this.#sources.length, this.#section, view.getUint16(at + 8, little), view.getUint32(at + 12, little));
    const whole = this.#walkOptions(view, at + 16, end, (code, offset, length) =>
      this.#readInterfaceOption(link, view, code, offset, length),
    );
    if (!whole) this.#progress.warn('malformed_options', at, this.#progress.packets + 1);
    this.#sources.push({ link, clock: new Clock(link) });
    this.#progress.interfaces.push(link);
  }

  #readInterfaceOption(link: CaptureInterface, view: DataView, code: number, offset: number, length: number): void {
    if (code === 2) link.name = readText(view, offset, length);
    else if (code === 3) link.description = readText(view, offset, length);
    else if (code === 9 && length >= 1) link.ticksPerSecond = ticksOfResolution(view.getUint8(offset));
    // The first octet of if_filter says what follows: 0 is a filter in tcpdump's language.
    else if (code === 11 && length > 1 && view.getUint8(offset) === 0) link.filter = readText(view, offset + 1, length - 1);
    else if (code === 13 && length >= 1) link.fcsOctets = fcsFromBits(view.getUint8(offset));
    else if (code === 14 && length >= 8) link.offsetSeconds = Number(view.getBigInt64(offset, this.#little));
  }

  /** Enhanced packet block, and the obsolete one whose interface id is shorter: `headerOctets` up to the data are alike otherwise. */
  #readPacket(view: DataView, at: number, end: number, interfaceId: number, headerOctets: number): void {
    if (this.#isShort(at, end, headerOctets)) return;
    const little = this.#little;
    const { packet } = this.#progress;
    const captured = view.getUint32(at + 20, little);
    const original = view.getUint32(at + 24, little);
    const data = at + headerOctets;
    if (captured > end - data) throw this.#corrupt(at, `The packet block holds ${end - data} octets of data and claims ${captured}.`);
    const source = this.#sources[interfaceId];
    packet.flags = 0;
    if (source && !source.clock.stamp(packet, view.getUint32(at + 12, little), view.getUint32(at + 16, little))) {
      packet.flags = packetFlags.timeInferred;
      this.#progress.warn('time_out_of_range', at, this.#progress.packets + 1);
    }
    this.#setLengths(at, captured, original, source);
    const options = data + ((captured + 3) & ~3);
    if (options < end && source) this.#readPacketOptions(view, at, options, end, source.link);
    this.#deliver(view, at, data, interfaceId, source);
  }

  #readPacketOptions(view: DataView, at: number, start: number, end: number, link: CaptureInterface): void {
    const little = this.#little;
    let option = start;
    while (end - option >= 4) {
      const code = view.getUint16(option, little);
      const length = view.getUint16(option + 2, little);
      if (code === 0) return;
      if (length > end - option - 4) {
        this.#progress.warn('malformed_options', at, this.#progress.packets + 1);
        return;
      }
      // epb_flags: bits 5 to 8 are the octets of frame check sequence of this very packet, 0 is unknown.
      if (code === 2 && length === 4) {
        const fcs = (view.getUint32(option + 4, little) >>> 5) & 15;
        if (fcs !== 0) this.#progress.packet.fcsOctets = fcsFromBits(fcs);
      }
      if (code === 4 && length === 8) link.dropped = Math.max(0, link.dropped) + Number(view.getBigUint64(option + 4, little));
      option += 4 + ((length + 3) & ~3);
    }
  }

  #readOldPacket(view: DataView, at: number, end: number): void {
    if (this.#isShort(at, end, 28)) return;
    const interfaceId = view.getUint16(at + 8, this.#little);
    const drops = view.getUint16(at + 10, this.#little);
    const link = this.#sources[interfaceId]?.link;
    if (link && drops !== 0xffff) link.dropped = Math.max(0, link.dropped) + drops;
    this.#readPacket(view, at, end, interfaceId, 28);
  }

  /** Has neither time nor captured length: the last time of the section serves, and the snap length of interface 0. */
  #readSimplePacket(view: DataView, at: number, end: number): void {
    if (this.#isShort(at, end, 12)) return;
    const source = this.#sources[0];
    const original = view.getUint32(at + 8, this.#little);
    const snapLength = source?.link.snapLength || original;
    const captured = Math.min(original, snapLength, end - at - 12);
    this.#progress.packet.flags = packetFlags.timeInferred;
    this.#progress.warn('time_missing', at, this.#progress.packets + 1);
    this.#setLengths(at, captured, original, source);
    this.#deliver(view, at, at + 12, 0, source);
  }

  #setLengths(at: number, captured: number, original: number, source: Source | undefined): void {
    const { packet } = this.#progress;
    packet.captured = captured;
    packet.fcsOctets = source ? source.link.fcsOctets : 0;
    if (original >= captured) packet.original = Math.min(original, 0x7fff_ffff);
    else {
      packet.original = captured;
      this.#progress.warn('captured_exceeds_original', at, this.#progress.packets + 1);
    }
  }

  #deliver(view: DataView, at: number, data: number, interfaceId: number, source: Source | undefined): void {
    const { packet, sink } = this.#progress;
    packet.interfaceIndex = source ? interfaceId : -1;
    const link = source ? source.link : this.#undeclared;
    if (!source) this.#progress.warn('undeclared_interface', at, this.#progress.packets + 1);
    link.packets++;
    this.#progress.packets++;
    sink.frame(view, data, packet, link);
  }

  #readStatistics(view: DataView, at: number, end: number): void {
    if (this.#isShort(at, end, 20)) return;
    const link = this.#sources[view.getUint32(at + 8, this.#little)]?.link;
    if (!link) return;
    // The counts are totals since the interface was opened, so the last block of several is right.
    const whole = this.#walkOptions(view, at + 20, end, (code, offset, length) => {
      if (length !== 8) return;
      if (code === 4) link.received = Number(view.getBigUint64(offset, this.#little));
      if (code === 5) link.dropped = Number(view.getBigUint64(offset, this.#little));
    });
    if (!whole) this.#progress.warn('malformed_options', at, this.#progress.packets + 1);
  }

  /** Calls `take` for each option; false when one is longer than what is left. A missing end of options is allowed. */
  #walkOptions(view: DataView, start: number, end: number, take: (code: number, offset: number, length: number) => void): boolean {
    let at = start;
    while (end - at >= 4) {
      const code = view.getUint16(at, this.#little);
      const length = view.getUint16(at + 2, this.#little);
      if (code === 0) return true;
      if (length > end - at - 4) return false;
      take(code, at + 4, length);
      at += 4 + ((length + 3) & ~3);
    }
    return true;
  }

  /** A block too short for its type is skipped: its outer length was sound. */
  #isShort(at: number, end: number, least: number): boolean {
    if (end - at >= least) return false;
    this.#progress.warn('malformed_block', at, this.#progress.packets + 1);
    return true;
  }

  #corrupt(at: number, detail: string) {
    return corruptCapture(this.#progress.place(at), detail);
  }
}

/** if_fcslen is told in bits by the draft's example (4) and in octets by its text; no frame has 16 or more octets of it. */
function fcsFromBits(value: number): number {
  return value >= 16 ? value >>> 3 : value;
}

function readText(view: DataView, offset: number, length: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, Math.min(length, textLimit));
  return text.decode(bytes).replace(/\0+$/, '');
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
