/**
 * sFlow version 5 (sflow.org, "sFlow Version 5", July 2004). Everything is in words of four octets:
 *
 *   version 5 | agent address (type, 4 or 16 octets) | sub-agent | sequence | uptime ms | number of samples | samples
 *   sample:  format (enterprise << 12 | 1 flow, 2 counters, 3 expanded flow, 4 expanded counters) | octets | content
 *   flow sample: sequence | source | sampling rate | pool | drops | input | output | number of records | records
 *   record:  format (1 header, 3 IPv4, 4 IPv6, 1001 switch, 1002 router, 1003 gateway ...) | octets | content
 *
 * A flow sample is one packet: it becomes a flow of one packet and its sampling rate. Counter samples are counted.
 */
import { clearHeaders, linkTypes, type Packet } from '../../packets/index.ts';
import type { Domain } from './domain.ts';
import type { Exporter, Fault } from './exporter.ts';
import type { RowOrigin } from './record-run.ts';
import type { SampleRows } from './sample-rows.ts';

/** Samples of a datagram: more do not fit into 64 KiB. */
const mostSamples = 4096;
const mostRecords = 256;

/** Header protocols (`header_protocol`) that the packet decoder opens. */
const headerLinks: Readonly<Record<number, number>> = {
  1: linkTypes.ethernet,
  7: linkTypes.ppp,
  11: linkTypes.raw,
  12: linkTypes.raw,
  13: linkTypes.mpls,
};

export type SflowContext = {
  readonly exporter: Exporter;
  /** Finds a domain by its id, the sub-agent. */
  readonly domain: (id: number) => Domain | undefined;
  readonly rows: SampleRows;
  readonly nowMs: number;
};

export const decodeSflow = (view: DataView, context: SflowContext): Fault | undefined => {
  const end = view.byteLength;
  const kind = view.getUint32(4);
  const agent = kind === 1 ? 4 : kind === 2 ? 16 : -1;
  let at = 8 + agent;
  if (agent < 0 || end - at < 16) return 'short';
  const domain = context.domain(view.getUint32(at));
  if (domain === undefined) return undefined;
  domain.follow(view.getUint32(at + 4), 1, view.getUint32(at + 8));
  const count = view.getUint32(at + 12);
  if (count > mostSamples) return 'count';
  const origin: RowOrigin = { domain, exporter: context.exporter.text, sampling: 1 };
  context.rows.sample.unixMs = context.nowMs;
  at += 16;
  for (let i = 0; i < count; i++) {
    if (end - at < 8) return 'sample';
    const format = view.getUint32(at);
    const octets = view.getUint32(at + 4);
    at += 8;
    if (octets > end - at) return 'sample';
    if (format === 1 || format === 3) {
      const outcome = decodeSample(view, at, at + octets, format === 3, context.rows, origin);
      if (outcome === undefined) return 'sample';
      if (outcome) domain.counters.flows++;
      else domain.counters.events++;
    } else domain.counters.events++;
    at += octets;
  }
  return undefined;
};

/** True when it became a flow, false when no IP packet was in it, undefined when it is not whole. */
const decodeSample = (
  view: DataView,
  from: number,
  end: number,
  isExpanded: boolean,
  rows: SampleRows,
  origin: RowOrigin,
): boolean | undefined => {
  const head = isExpanded ? 44 : 32;
  if (end - from < head) return undefined;
  const { sample } = rows;
  let at = from + (isExpanded ? 12 : 8); // sequence and source
  sample.clear();
  sample.rate = Math.max(1, view.getUint32(at));
  at += 12; // rate, pool, drops
  // An interface is a format and a number: format 0 is an interface, others say why there is none, or that there are several.
  if (isExpanded) {
    if (view.getUint32(at) === 0) sample.inInterface = view.getUint32(at + 4);
    if (view.getUint32(at + 8) === 0) sample.outInterface = view.getUint32(at + 12);
    at += 16;
  } else {
    if (view.getUint32(at) >>> 30 === 0) sample.inInterface = view.getUint32(at);
    if (view.getUint32(at + 4) >>> 30 === 0) sample.outInterface = view.getUint32(at + 4);
    at += 8;
  }
  const count = view.getUint32(at);
  at += 4;
  return count > mostRecords ? undefined : decodeRecords(view, at, end, count, rows, origin);
};

const decodeRecords = (
  view: DataView,
  from: number,
  end: number,
  count: number,
  rows: SampleRows,
  origin: RowOrigin,
): boolean | undefined => {
  let header = -1;
  let fields = -1;
  let isIpv6 = false;
  for (let i = 0, at = from; i < count; i++) {
    if (end - at < 8) return undefined;
    const format = view.getUint32(at);
    const octets = view.getUint32(at + 4);
    at += 8;
    if (octets > end - at) return undefined;
    if (format === 1 && octets >= 16) header = at;
    else if ((format === 3 && octets >= 32) || (format === 4 && octets >= 56)) {
      fields = at;
      isIpv6 = format === 4;
    } else takeExtended(view, at, at + octets, format, rows);
    at += octets;
  }
  if (header >= 0) {
    const link = headerLinks[view.getUint32(header)];
    const captured = Math.min(view.getUint32(header + 12), end - header - 16);
    const original = view.getUint32(header + 4);
    if (
      link !== undefined &&
      rows.addFrame(view, header + 16, captured, Math.max(captured, original - view.getUint32(header + 8)), link, origin)
    )
      return true;
  }
  if (fields < 0) return false;
  takeFields(view, fields, isIpv6, rows.packet);
  rows.addPacket(origin);
  return true;
};

/** sampled_ipv4 and sampled_ipv6: the fields of a packet without its octets. */
const takeFields = (view: DataView, at: number, isIpv6: boolean, packet: Packet): void => {
  clearHeaders(packet);
  packet.flags = 0;
  packet.ttl = 0;
  packet.octets = view.getUint32(at);
  packet.protocol = view.getUint32(at + 4) & 255;
  packet.ipVersion = isIpv6 ? 6 : 4;
  const word = (place: number): number => view.getInt32(at + 8 + place * 4);
  if (isIpv6) {
    [packet.srcA, packet.srcB, packet.srcC, packet.srcD] = [word(0), word(1), word(2), word(3)];
    [packet.dstA, packet.dstB, packet.dstC, packet.dstD] = [word(4), word(5), word(6), word(7)];
  } else {
    [packet.srcA, packet.srcB, packet.srcC, packet.srcD] = [0, 0, 0xffff, word(0)];
    [packet.dstA, packet.dstB, packet.dstC, packet.dstD] = [0, 0, 0xffff, word(1)];
  }
  const rest = at + 8 + (isIpv6 ? 32 : 8);
  const isIcmp = packet.protocol === 1 || packet.protocol === 58;
  const [source, target] = [view.getUint32(rest) & 0xffff, view.getUint32(rest + 4) & 0xffff];
  if (isIcmp) [packet.icmpType, packet.icmpCode] = [source & 255, target & 255];
  else [packet.srcPort, packet.dstPort] = [source, target];
  packet.tcpFlags = view.getUint32(rest + 8) & 0x1ff;
  packet.tos = view.getUint32(rest + 12) & 255;
};

/** Extended switch, router and gateway data. What is cut is left out. */
const takeExtended = (view: DataView, at: number, end: number, format: number, { sample }: SampleRows): void => {
  if (format === 1001 && end - at >= 16) sample.vlan = view.getUint32(at) & 0xfff;
  if (format !== 1002 && format !== 1003) return;
  const behind = takeHop(view, at, end, sample.hop);
  if (behind < 0) return;
  sample.hopVersion = view.getUint32(at) === 1 ? 4 : 6;
  if (format !== 1003 || end - behind < 16) return;
  // as | src_as | src_peer_as | path segments (type, length, numbers); the last number is the destination's.
  sample.srcAs = view.getUint32(behind + 4);
  let place = behind + 16;
  for (let segments = Math.min(64, view.getUint32(behind + 12)); segments > 0 && end - place >= 8; segments--) {
    const count = view.getUint32(place + 4);
    if (count > (end - place - 8) / 4) return;
    if (count > 0) sample.dstAs = view.getUint32(place + 4 + count * 4);
    place += 8 + count * 4;
  }
};

/** Reads an address into `hop`; answers the octet behind it, or -1. */
const takeHop = (view: DataView, at: number, end: number, hop: Int32Array): number => {
  const kind = end - at >= 8 ? view.getUint32(at) : 0;
  const words = kind === 1 ? 1 : kind === 2 ? 4 : 0;
  if (words === 0 || end - at < 4 + words * 4) return -1;
  for (let i = 0; i < words; i++) hop[4 - words + i] = view.getInt32(at + 4 + i * 4);
  return at + 4 + words * 4;
};
