/**
 * Rows of single packets: what sFlow samples, and the pieces of packets that some routers put into IPFIX records (elements
 * 315, 313 and 104). The packet decoder opens them; a row is one packet, with its octets from its IP header.
 */
import { writeIpv4, writeIpv6 } from '../../core/address.ts';
import { decode, linkTypes, outcome, Packet, protocols } from '../../packets/index.ts';
import { type BatchColumn, type FlowBatch, setInteger, setPresent } from '../batch.ts';
import { setHalves, setShort, setSmall, setTime, setWord } from '../cell.ts';
import { flowFlags } from '../schema.ts';
import type { Header } from './domain.ts';
import { slot } from './elements.ts';
import type { ExportColumns } from './export-columns.ts';
import type { ExportRows, RowOptions } from './export-rows.ts';
import { readLow, readNumber } from './number.ts';
import { hasPorts } from './record-ends.ts';
import type { RowOrigin } from './record-run.ts';
import { readRate } from './record-sampling.ts';
import { latestSecond } from './record-times.ts';
import type { Plan } from './template.ts';

/** Octets of the longest IP packet and room for its link headers. */
const longestFrame = 65_535 + 64;

/** What is known of a sampled packet besides its headers; -1 is unknown. Reused from sample to sample. */
class Sample {
  unixMs = 0;
  rate = 1;
  isRateUnknown = false;
  inInterface = -1;
  outInterface = -1;
  vlan = -1;
  srcAs = -1;
  dstAs = -1;
  /** 0 or 4 words; `hopVersion` 0 is none. */
  readonly hop = new Int32Array(4);
  hopVersion = 0;

  clear(): void {
    this.rate = 1;
    this.isRateUnknown = false;
    this.inInterface = -1;
    this.outInterface = -1;
    this.vlan = -1;
    this.srcAs = -1;
    this.dstAs = -1;
    this.hopVersion = 0;
  }
}

export class SampleRows {
  /** What the next row gets besides its packet. */
  readonly sample = new Sample();
  /** The packet of the next row, for those who have its fields without its octets. */
  readonly packet = new Packet();
  readonly #rows: ExportRows;
  readonly #options: RowOptions;
  readonly #text = new Uint8Array(64);

  constructor(rows: ExportRows, options: RowOptions) {
    this.#rows = rows;
    this.#options = options;
  }

  /** Opens `captured` octets of a frame that had `original`, and adds its row; false where no IP packet is in it. */
  addFrame(view: DataView, at: number, captured: number, original: number, linkType: number, origin: RowOrigin): boolean {
    const { packet } = this;
    packet.captured = captured;
    packet.original = Math.max(captured, original);
    packet.fcsOctets = 0;
    packet.flags = 0;
    if (decode(linkType, view, at, packet) !== outcome.decoded) return false;
    this.addPacket(origin);
    return true;
  }

  /** A record that holds a piece of a packet. */
  addSection(view: DataView, at: number, plan: Plan, header: Header, origin: RowOrigin): boolean {
    const { sample } = this;
    const { offsets, lengths } = plan;
    const numberAt = (place: number): number => (offsets[place]! < 0 ? -1 : readLow(view, at + offsets[place]!, lengths[place]!));
    sample.clear();
    sample.unixMs = header.unixMs;
    for (const place of [slot.observedMilliseconds, slot.startMilliseconds]) {
      const ms = offsets[place]! < 0 ? 0 : readNumber(view, at + offsets[place]!, lengths[place]!);
      if (ms > 0 && ms < latestSecond * 1000) sample.unixMs = ms;
    }
    sample.inInterface = numberAt(slot.inInterface);
    sample.outInterface = numberAt(slot.outInterface);
    this.#takeRate(view, at, plan, origin);
    const isFrame = offsets[slot.frame]! >= 0;
    const place = isFrame ? slot.frame : slot.ipPacket;
    // dataLinkFrameType 1 is Ethernet, 2 is 802.11 (RFC 7133 section 4.5); most leave it out.
    const link = !isFrame ? linkTypes.raw : numberAt(slot.frameType) === 2 ? linkTypes.ieee80211 : linkTypes.ethernet;
    if (offsets[place]! < 0) return false; // of variable length, and empty
    // The frame went on behind the piece; how far, its IP header tells.
    return this.addFrame(view, at + offsets[place]!, lengths[place]!, longestFrame, link, origin);
  }

  #takeRate(view: DataView, at: number, plan: Plan, { domain, sampling }: RowOrigin): void {
    const { sample } = this;
    const place = plan.offsets[slot.sampler]!;
    const own = readRate(view, at, plan);
    const id = place < 0 ? -1 : readNumber(view, at + place, plan.lengths[slot.sampler]!);
    const known = own || domain.samplers.get(id) || domain.rate;
    sample.rate = known || sampling;
    sample.isRateUnknown = known === 0 && id > 0;
  }

  /** Adds a row of `packet` and `sample`. */
  addPacket(origin: RowOrigin): void {
    const { columns: c, batch, row } = this.#rows.nextRow();
    const { packet, sample } = this;
    this.#writeTimes(c, row);
    this.#writeEnds(c, row);
    c.protocol.u8[row] = packet.protocol;
    this.#writePorts(c, row);
    setInteger(c.packet_count, row, 1);
    setInteger(c.byte_count, row, packet.octets);
    setSmall(c.tunnel_depth, row, 0);
    setSmall(c.tos, row, packet.tos);
    setSmall(c.ttl_min, row, packet.ttl);
    setSmall(c.ttl_max, row, packet.ttl);
    setWord(c.sampling_rate, row, sample.rate);
    const unknown = sample.isRateUnknown ? flowFlags.samplingUnknown : 0;
    // The times of samples are those of their datagrams.
    setWord(c.flags, row, (packet.flags & 7) | flowFlags.timeInferred | unknown);
    this.#writeTraits(c, batch, row);
    this.#rows.addRow(origin);
  }

  #writeTimes(c: ExportColumns, row: number): void {
    const seconds = Math.floor(this.sample.unixMs / 1000);
    const nanos = Math.round((this.sample.unixMs - seconds * 1000) * 1e6);
    setInteger(c.time, row, seconds);
    setInteger(c.duration, row, 0);
    setTime(c.start_time, row, seconds, nanos);
    setTime(c.end_time, row, seconds, nanos);
  }

  #writeEnds(c: ExportColumns, row: number): void {
    const { packet } = this;
    const { srcA, srcB, srcC, srcD, dstA, dstB, dstC, dstD } = packet;
    setSmall(c.ip_version, row, packet.ipVersion);
    setHalves(c.src_addr_hi, row, srcA, srcB);
    setHalves(c.src_addr_lo, row, srcC, srcD);
    setHalves(c.dst_addr_hi, row, dstA, dstB);
    setHalves(c.dst_addr_lo, row, dstC, dstD);
    for (const column of [c.src_addr_hi, c.src_addr_lo, c.dst_addr_hi, c.dst_addr_lo]) setPresent(column, row);
  }

  #writePorts(c: ExportColumns, row: number): void {
    const { protocol, srcPort, dstPort, icmpType, icmpCode } = this.packet;
    const isIcmp = protocol === protocols.icmp || protocol === protocols.icmpv6;
    const has = hasPorts(protocol) && srcPort >= 0;
    if (has) {
      setShort(c.src_port_num, row, srcPort);
      setShort(c.dst_port_num, row, dstPort);
    }
    if (isIcmp && icmpType >= 0) {
      setSmall(c.icmp_type, row, icmpType);
      setSmall(c.icmp_code, row, Math.max(0, icmpCode));
    }
  }

  #writeTraits(c: ExportColumns, batch: FlowBatch, row: number): void {
    const { packet, sample } = this;
    if (packet.protocol === protocols.tcp) setShort(c.tcp_flags, row, packet.tcpFlags);
    if (packet.ipVersion === 6) setWord(c.flow_label, row, packet.flowLabel);
    const vlan = packet.vlanId >= 0 ? packet.vlanId : sample.vlan;
    if (vlan > 0) setShort(c.vlan_id, row, vlan);
    if (packet.vlanInnerId >= 0) setShort(c.vlan_inner_id, row, packet.vlanInnerId);
    if (packet.mplsLabel >= 0) setWord(c.mpls_label, row, packet.mplsLabel);
    if (packet.isFragment === 1) setWord(c.fragments, row, 1);
    if (sample.inInterface >= 0) setWord(c.in_if, row, sample.inInterface);
    if (sample.outInterface >= 0) setWord(c.out_if, row, sample.outInterface);
    if (sample.srcAs >= 0) setWord(c.src_as, row, sample.srcAs);
    if (sample.dstAs >= 0) setWord(c.dst_as, row, sample.dstAs);
    if (this.#options.macs && packet.srcMac >= 0) {
      setMac(c.src_mac, row, packet.srcMac);
      setMac(c.dst_mac, row, packet.dstMac);
    }
    if (sample.hopVersion === 0) return;
    const [w0, w1, w2, w3] = sample.hop as unknown as [number, number, number, number];
    const text = this.#text;
    batch.setText(c.next_hop, row, text, 0, sample.hopVersion === 4 ? writeIpv4(text, 0, w3) : writeIpv6(text, 0, w0, w1, w2, w3));
    setPresent(c.next_hop, row);
  }
}

const setMac = (column: BatchColumn, row: number, mac: number): void => {
  setHalves(column, row, Math.floor(mac / 2 ** 32), mac);
  setPresent(column, row);
};
