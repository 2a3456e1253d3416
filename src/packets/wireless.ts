import { decodeLlc } from './layer2.ts';
import { missing, outcome, type Packet } from './packet.ts';

/** Radiotap fields before "flags" (bit 1): only the 64-bit time (bit 0), aligned to 8 from the header's start. */
const hasTime = 1;
const hasFlags = 2;
const hasMoreFields = 0x8000_0000;
/** Bits of the radiotap flags: the frame ends with its check sequence; padding to 4 follows the 802.11 header. */
const fcsAtEnd = 0x10;
const dataPad = 0x20;

/** Radiotap (radiotap.org): version 0, length and presence words, little endian; then an 802.11 frame. */
export function decodeRadiotap(view: DataView, offset: number, end: number, wireEnd: number, packet: Packet): number {
  if (end - offset < 8) return missing(offset, 8, wireEnd);
  const length = view.getUint16(offset + 2, true);
  if (length < 8) return outcome.malformed;
  if (length > end - offset) return missing(offset, length, wireEnd);
  const flags = readRadiotapFlags(view, offset, offset + length);
  const frameWireEnd = (flags & fcsAtEnd) === 0 ? wireEnd : wireEnd - 4;
  return decodeWireless(view, offset + length, flags, Math.min(end, frameWireEnd), frameWireEnd, packet);
}

function readRadiotapFlags(view: DataView, offset: number, end: number): number {
  const present = view.getUint32(offset + 4, true);
  if ((present & hasFlags) === 0) return 0;
  let at = offset + 4;
  while (end - at >= 8 && (view.getUint32(at, true) & hasMoreFields) !== 0) at += 4;
  at += 4;
  if (present & hasTime) at = offset + ((at - offset + 7) & ~7) + 8;
  return at < end ? view.getUint8(at) : 0;
}

/**
 * An IEEE 802.11 frame (little endian): control, duration, three addresses, sequence; a fourth address between access points, QoS and
 * high throughput control where their bits say so; then LLC. Only data frames carry IP; protected ones are `encrypted`.
 * Of an aggregate (A-MSDU) the first packet alone is taken. `radiotapFlags` may announce padding, else 0.
 */
export function decodeWireless(
  view: DataView,
  offset: number,
  radiotapFlags: number,
  end: number,
  wireEnd: number,
  packet: Packet,
): number {
  if (end - offset < 2) return missing(offset, 2, wireEnd);
  const control = view.getUint16(offset, true);
  const isData = (control & 0x0c) === 0x08;
  const isNull = (control & 0x40) !== 0;
  if (!isData || isNull) return outcome.nonIp;
  if (control & 0x4000) return outcome.encrypted;
  const isQos = (control & 0x80) !== 0;
  const addressOctets = (control & 0x0300) === 0x0300 ? 30 : 24;
  let headerOctets = addressOctets + (isQos ? 2 : 0) + (isQos && (control & 0x8000) !== 0 ? 4 : 0);
  if (radiotapFlags & dataPad) headerOctets = (headerOctets + 3) & ~3;
  if (end - offset < headerOctets) return missing(offset, headerOctets, wireEnd);
  const isAggregate = isQos && (view.getUint8(offset + addressOctets) & 0x80) !== 0;
  // Each packet of an aggregate begins with 6 destination, 6 source, 2 length.
  return decodeLlc(view, offset + headerOctets + (isAggregate ? 14 : 0), end, wireEnd, packet);
}
