/**
 * The names of the ends of a metered flow, which follow from its addresses and ports: nobody writes them where they are not
 * read. Who writes Parquet writes each distinct one once; `nameEnds` is for those who want them in each row.
 */
import { writeIpv4, writeIpv6 } from '../core/address.ts';
import type { BatchColumn, FlowBatch } from './batch.ts';

/** Writes an address at a place and answers where it ends; needs room for 39 octets. Words are 32 bits, most significant first. */
export const writeEnd = (octets: Uint8Array, at: number, version: number, a: number, b: number, c: number, d: number): number =>
  version === 4 ? writeIpv4(octets, at, d | 0) : writeIpv6(octets, at, a | 0, b | 0, c | 0, d | 0);

/** Writes 0 to 65535 in decimal and answers where it ends. */
export const writeDecimal = (octets: Uint8Array, at: number, value: number): number => {
  const end = at + (value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : value < 10000 ? 4 : 5);
  let rest = value;
  for (let place = end - 1; place >= at; place--) {
    const tens = (rest / 10) | 0;
    octets[place] = 0x30 + rest - tens * 10;
    rest = tens;
  }
  return end;
};

export const isPresentAt = ({ validity }: BatchColumn, row: number): boolean =>
  validity === undefined || ((validity[row >> 3] as number) & (1 << (row & 7))) !== 0;

/** Gives what `dst_port` shows in rows without a port number: type * 256 + code for ICMP, else 0. */
export const icmpPortAt = (batch: FlowBatch): ((row: number) => number) => {
  const [type, code] = [batch.column('icmp_type'), batch.column('icmp_code')];
  return (row) => (isPresentAt(type, row) ? (type.u8[row] as number) * 256 + (code.u8[row] as number) : 0);
};

const text = new Uint8Array(64);

/** Fills `src_comp`, `src_port`, `dst_comp` and `dst_port` of a metered batch. */
export const nameEnds = (batch: FlowBatch): void => {
  if (!batch.isUnnamed) return;
  batch.isUnnamed = false;
  const version = batch.column('ip_version').u8;
  const icmpAt = icmpPortAt(batch);
  for (const [side, otherwise] of [['src', () => 0] as const, ['dst', icmpAt] as const]) {
    const [comp, port] = [batch.column(`${side}_comp`), batch.column(`${side}_port`)];
    const [{ u32: high }, { u32: low }] = [batch.column(`${side}_addr_hi`), batch.column(`${side}_addr_lo`)];
    const number = batch.column(`${side}_port_num`);
    for (let row = 0; row < batch.count; row++) {
      const word = row * 2;
      const end = writeEnd(text, 0, version[row]!, high[word + 1]!, high[word]!, low[word + 1]!, low[word]!);
      batch.setText(comp, row, text, 0, end);
      const shown = isPresentAt(number, row) ? number.u16[row]! : otherwise(row);
      batch.setText(port, row, text, 0, writeDecimal(text, 0, shown));
    }
  }
};
