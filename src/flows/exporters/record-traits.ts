/** What few templates have: tags, labels, direction, hardware addresses. */
import { type BatchColumn, setPresent } from '../batch.ts';
import { flowFlags } from '../schema.ts';
import { copyNumbers, markPresent } from './cells.ts';
import { slot } from './elements.ts';
import type { ExportColumns } from './export-columns.ts';
import { readLow } from './number.ts';
import type { RecordRun } from './record-run.ts';

/** Fills tags and labels, and adds the direction to the flags. */
export const fillTraits = (c: ExportColumns, run: RecordRun): void => {
  const { offsets, lengths } = run.plan;
  if (offsets[slot.vlan]! >= 0) fillVlan(c.vlan_id, slot.vlan, run);
  if (offsets[slot.innerVlan]! >= 0) fillVlan(c.vlan_inner_id, slot.innerVlan, run);
  if (offsets[slot.tos]! < 0 && offsets[slot.dscp]! >= 0) fillDscp(c.tos, run);
  if (offsets[slot.mplsTop]! >= 0 && lengths[slot.mplsTop] === 3) fillLabel(c.mpls_label, run);
  if (offsets[slot.flowDirection]! >= 0) addDirection(c.flags, run);
};

/** Fills the hardware addresses. */
export const fillMacs = (c: ExportColumns, { view, at, size, plan: { offsets }, row, count }: RecordRun): void => {
  const stride = { at: at + offsets[slot.srcMac]!, stride: size, count };
  if (offsets[slot.srcMac]! >= 0) copyNumbers(c.src_mac, row, view, stride, 6);
  stride.at = at + offsets[slot.dstMac]!;
  if (offsets[slot.dstMac]! >= 0) copyNumbers(c.dst_mac, row, view, stride, 6);
};

/** 0 is how exporters say "no tag". */
const fillVlan = (
  column: BatchColumn,
  place: number,
  { view, at, size, plan: { offsets, lengths }, row: first, count }: RecordRun,
): void => {
  for (let i = 0, row = first, from = at + offsets[place]!; i < count; i++, row++, from += size) {
    const id = readLow(view, from, lengths[place]!) & 0xfff;
    if (id === 0) continue;
    column.u16[row] = id;
    setPresent(column, row);
  }
};

/** The six upper bits of the octet. */
const fillDscp = (tos: BatchColumn, { view, at, size, plan: { offsets, lengths }, row, count }: RecordRun): void => {
  for (let i = 0, from = at + offsets[slot.dscp]!; i < count; i++, from += size)
    tos.u8[row + i] = readLow(view, from, lengths[slot.dscp]!) << 2;
  markPresent(tos, row, row + count);
};

/** 20 bits of the label, then class and end of stack (RFC 3032 section 2.1). */
const fillLabel = (column: BatchColumn, { view, at, size, plan: { offsets }, row, count }: RecordRun): void => {
  for (let i = 0, from = at + offsets[slot.mplsTop]!; i < count; i++, from += size) {
    const label = readLow(view, from, 3) >> 4;
    if (label === 0) continue;
    column.u32[row + i] = label;
    setPresent(column, row + i);
  }
};

const addDirection = (flags: BatchColumn, { view, at, size, plan: { offsets, lengths }, row, count }: RecordRun): void => {
  for (let i = 0, from = at + offsets[slot.flowDirection]!; i < count; i++, from += size) {
    const way = readLow(view, from, lengths[slot.flowDirection]!);
    if (way < 2) flags.u32[row + i]! |= way === 0 ? flowFlags.ingress : flowFlags.egress;
  }
};
