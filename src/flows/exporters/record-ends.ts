/** Addresses, ports and ICMP messages of records. */
import { protocols } from '../../packets/index.ts';
import { type BatchColumn, setPresent } from '../batch.ts';
import { setHalves } from '../cell.ts';
import { markPresent } from './cells.ts';
import { slot } from './elements.ts';
import type { ExportColumns } from './export-columns.ts';
import { readLow } from './number.ts';
import type { RecordRun } from './record-run.ts';

const mappedWord = 0xffff;

/** Fills the version and both addresses. */
export const fillAddresses = (c: ExportColumns, { view, at, size, plan, row: first, count }: RecordRun): void => {
  const { offsets } = plan;
  const src4 = offsets[slot.src4]!;
  const dst4 = offsets[slot.dst4]!;
  const src6 = offsets[slot.src6]!;
  const dst6 = offsets[slot.dst6]!;
  const isOnly4 = src6 < 0 && dst6 < 0;
  const isBoth = !isOnly4 && (src4 >= 0 || dst4 >= 0);
  for (let i = 0, row = first, from = at; i < count; i++, row++, from += size) {
    const is4 = isOnly4 || (isBoth && hasIpv4(view, from, src4, dst4));
    c.ip_version.u8[row] = is4 ? 4 : 6;
    writeAddress(c.src_addr_hi, c.src_addr_lo, row, view, from, is4 ? src4 : src6, is4);
    writeAddress(c.dst_addr_hi, c.dst_addr_lo, row, view, from, is4 ? dst4 : dst6, is4);
  }
  for (const column of [c.ip_version, c.src_addr_hi, c.src_addr_lo, c.dst_addr_hi, c.dst_addr_lo])
    markPresent(column, first, first + count);
};

/** A template with addresses of both versions leaves those of the other zero. */
const hasIpv4 = (view: DataView, from: number, src4: number, dst4: number): boolean =>
  (src4 >= 0 && view.getUint32(from + src4) !== 0) || (dst4 >= 0 && view.getUint32(from + dst4) !== 0);

/** An end that the template does not have (-1) is 0.0.0.0 or ::, as other collectors show it. */
const writeAddress = (hi: BatchColumn, lo: BatchColumn, row: number, view: DataView, from: number, offset: number, is4: boolean): void => {
  const at = from + offset;
  if (is4) {
    setHalves(hi, row, 0, 0);
    setHalves(lo, row, mappedWord, offset < 0 ? 0 : view.getUint32(at));
  } else if (offset < 0) {
    setHalves(hi, row, 0, 0);
    setHalves(lo, row, 0, 0);
  } else {
    setHalves(hi, row, view.getUint32(at), view.getUint32(at + 4));
    setHalves(lo, row, view.getUint32(at + 8), view.getUint32(at + 12));
  }
};

/** Whether the protocol has ports. */
export const hasPorts = (protocol: number): boolean =>
  protocol === protocols.tcp ||
  protocol === protocols.udp ||
  protocol === protocols.sctp ||
  protocol === protocols.udpLite ||
  protocol === protocols.dccp;

/** Fills ports, or what ICMP says, by the protocol that stands in the row already. */
export const fillPorts = (c: ExportColumns, run: RecordRun): void => {
  const { view, at, size, plan, row: first, count } = run;
  const src = plan.offsets[slot.srcPort]!;
  const dst = plan.offsets[slot.dstPort]!;
  const srcLength = plan.lengths[slot.srcPort]!;
  const dstLength = plan.lengths[slot.dstPort]!;
  for (let i = 0, row = first, from = at; i < count; i++, row++, from += size) {
    const protocol = c.protocol.u8[row]!;
    if (hasPorts(protocol)) {
      if (src >= 0) setPort(c.src_port_num, row, readLow(view, from + src, srcLength));
      if (dst >= 0) setPort(c.dst_port_num, row, readLow(view, from + dst, dstLength));
    } else if (protocol === protocols.icmp || protocol === protocols.icmpv6) {
      const message = readMessage(run, from);
      c.icmp_type.u8[row] = message >> 8;
      setPresent(c.icmp_type, row);
      c.icmp_code.u8[row] = message & 255;
      setPresent(c.icmp_code, row);
    }
  }
};

const setPort = (column: BatchColumn, row: number, port: number): void => {
  column.u16[row] = port & 0xffff;
  setPresent(column, row);
};

/** Type and code of an ICMP message, as one number of 16 bits: elements of their own, or else the destination port (NetFlow v5, v9). */
const readMessage = ({ view, plan: { offsets, lengths } }: RecordRun, from: number): number => {
  const read = (place: number): number => (offsets[place]! < 0 ? 0 : readLow(view, from + offsets[place]!, lengths[place]!));
  if (offsets[slot.icmpTypeCode]! >= 0) return read(slot.icmpTypeCode) & 0xffff;
  if (offsets[slot.icmpType]! >= 0) return ((read(slot.icmpType) & 255) << 8) | (read(slot.icmpCode) & 255);
  return read(slot.dstPort) & 0xffff;
};
