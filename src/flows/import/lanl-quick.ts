/**
 * LANL lines read octet by octet straight into a batch, without a string and without an object: some 160 ns a row. Only
 * lines that are plainly right are taken; any doubt is answered with -1, and `lanl-row.ts` decides.
 */
import type { BatchColumn, FlowBatch } from '../batch.ts';
import { setPresent } from '../batch.ts';
import { longestName } from './limits.ts';

const lf = 10;
const cr = 13;
const comma = 44;
/** Octets that DuckDB's string keeps in place. */
const inlineOctets = 12;
/** Octets that a name or token may hold in the quick loop: visible ASCII but the quote and the comma. */
const plain = Uint8Array.from({ length: 256 }, (_, c) => (c > 32 && c < 127 && c !== 34 && c !== comma ? 1 : 0));

/**
 * Where the columns of a batch lie, as indexes into one view of 32-bit words and one of octets over the whole buffer:
 * the loop then holds two arrays and not twenty.
 */
export type Place = ReturnType<typeof placeOf>;

/** The place of a batch; to be asked for again when the batch changes. */
export const placeOf = (batch: FlowBatch) => {
  const word = (name: string): number => batch.column(name).offset / 4;
  return {
    batch,
    u8: new Uint8Array(batch.buffer),
    u32: new Uint32Array(batch.buffer),
    id: batch.column('id'),
    revPackets: batch.column('rev_packet_count'),
    revOctets: batch.column('rev_byte_count'),
    time: word('time'),
    duration: word('duration'),
    source: word('src_comp'),
    sourcePort: word('src_port'),
    destination: word('dst_comp'),
    destinationPort: word('dst_port'),
    protocol: batch.column('protocol').offset,
    packets: word('packet_count'),
    octets: word('byte_count'),
    revPacketsAt: word('rev_packet_count'),
    revOctetsAt: word('rev_byte_count'),
  };
};

/** Tells that a row has the columns of the way back. */
export const markReverse = ({ revPackets, revOctets }: Place, row: number): void => {
  setPresent(revPackets, row);
  setPresent(revOctets, row);
};

// The readers below take the place where a field begins (or -1 when an earlier one gave up), write its value, and return
// the place after its end mark, or -1 for "not plainly right". A line always ends in LF, so none of them runs past it.

/** A line of nine columns, into `row`. */
export const readUniflow = (bytes: Uint8Array, start: number, place: Place, row: number): number => {
  const { u8, u32 } = place;
  const pair = row * 2;
  const word = row * 4;
  let at = readNumber(bytes, start, comma, u32, place.time + pair);
  at = readNumber(bytes, at, comma, u32, place.duration + pair);
  at = readName(bytes, at, place, place.source + word);
  at = readPort(bytes, at, place, place.sourcePort + word);
  at = readName(bytes, at, place, place.destination + word);
  at = readPort(bytes, at, place, place.destinationPort + word);
  at = readOctet(bytes, at, u8, place.protocol + row);
  at = readNumber(bytes, at, comma, u32, place.packets + pair);
  at = readNumber(bytes, at, lf, u32, place.octets + pair);
  return u32[place.time + pair] === 0 || u32[place.packets + pair] === 0 ? -1 : at;
};

/** A line of eleven columns, into `row`. */
export const readBiflow = (bytes: Uint8Array, start: number, place: Place, row: number): number => {
  const { u8, u32 } = place;
  const pair = row * 2;
  const word = row * 4;
  let at = readNumber(bytes, start, comma, u32, place.time + pair);
  at = readNumber(bytes, at, comma, u32, place.duration + pair);
  at = readName(bytes, at, place, place.source + word);
  at = readName(bytes, at, place, place.destination + word);
  at = readOctet(bytes, at, u8, place.protocol + row);
  at = readPort(bytes, at, place, place.sourcePort + word);
  at = readPort(bytes, at, place, place.destinationPort + word);
  at = readNumber(bytes, at, comma, u32, place.packets + pair);
  at = readNumber(bytes, at, comma, u32, place.revPacketsAt + pair);
  at = readNumber(bytes, at, comma, u32, place.octets + pair);
  at = readNumber(bytes, at, lf, u32, place.revOctetsAt + pair);
  if (at >= 0) markReverse(place, row);
  return at;
};

/** One to nine digits without a leading zero, into a 64-bit column: nine digits fit a 32-bit integer, so do all steps. */
const readNumber = (bytes: Uint8Array, start: number, mark: number, u32: Uint32Array, to: number): number => {
  if (start < 0) return -1;
  const first = (bytes[start] as number) - 48;
  if (first < 0 || first > 9) return -1;
  let value = first;
  let at = start + 1;
  let digit = (bytes[at] as number) - 48;
  while (digit >= 0 && digit <= 9) {
    if (first === 0 || at - start > 8) return -1;
    value = value * 10 + digit;
    digit = (bytes[++at] as number) - 48;
  }
  u32[to] = value;
  u32[to + 1] = 0;
  if (digit + 48 === mark) return at + 1;
  return mark === lf && digit + 48 === cr && bytes[at + 1] === lf ? at + 2 : -1;
};

const readOctet = (bytes: Uint8Array, start: number, u8: Uint8Array, to: number): number => {
  if (start < 0) return -1;
  let value = (bytes[start] as number) - 48;
  if (value < 0 || value > 9) return -1;
  let at = start + 1;
  let digit = (bytes[at] as number) - 48;
  while (digit >= 0 && digit <= 9) {
    if (value === 0) return -1;
    value = value * 10 + digit;
    if (value > 255) return -1;
    digit = (bytes[++at] as number) - 48;
  }
  if (digit + 48 !== comma) return -1;
  u8[to] = value;
  return at + 1;
};

/** One to 255 plain octets, into a DuckDB string; `to` is its first 32-bit word. Those that fit in place take the short way. */
const readName = (bytes: Uint8Array, start: number, place: Place, to: number): number => {
  if (start < 0) return -1;
  const { u8, u32 } = place;
  u32[to + 1] = 0;
  u32[to + 2] = 0;
  u32[to + 3] = 0;
  const shift = to * 4 + 4 - start;
  const limit = start + inlineOctets;
  let at = start;
  let octet = bytes[at] as number;
  while (plain[octet] === 1 && at < limit) {
    u8[at + shift] = octet;
    octet = bytes[++at] as number;
  }
  if (octet !== comma) return plain[octet] === 1 ? readLongName(bytes, start, place, to) : -1;
  if (at === start) return -1;
  u32[to] = at - start;
  return at + 1;
};

/** Role names of the 2017 set, such as EnterpriseAppServer: more than DuckDB keeps in place. */
const readLongName = (bytes: Uint8Array, start: number, { batch }: Place, to: number): number => {
  const limit = start + longestName;
  let at = start + inlineOctets;
  while (plain[bytes[at] as number] === 1 && at < limit) at++;
  if (bytes[at] !== comma) return -1;
  const column = batch.columns.find(({ offset, u8 }) => to * 4 >= offset && to * 4 < offset + u8.length) as BatchColumn;
  batch.setText(column, (to * 4 - column.offset) / column.width, bytes, start, at);
  return at + 1;
};

/** A token that begins with a letter, or a port of at most 65535 in decimal. */
const readPort = (bytes: Uint8Array, start: number, place: Place, to: number): number => {
  if (start < 0) return -1;
  const { u8, u32 } = place;
  const first = bytes[start] as number;
  if (first > 57) return ((first | 32) - 97) >>> 0 < 26 ? readName(bytes, start, place, to) : -1;
  u32[to + 1] = 0;
  u32[to + 2] = 0;
  const shift = to * 4 + 4 - start;
  let value = 0;
  let at = start;
  let digit = first - 48;
  while (digit >= 0 && digit <= 9) {
    if (value === 0 && at > start) return -1;
    value = value * 10 + digit;
    if (value > 65535) return -1;
    u8[at + shift] = digit + 48;
    digit = (bytes[++at] as number) - 48;
  }
  if (digit + 48 !== comma || at === start) return -1;
  u32[to] = at - start;
  u32[to + 3] = 0;
  return at + 1;
};

/** Passes the leading id: up to fifteen digits without a leading zero. */
export const skipId = (bytes: Uint8Array, start: number): number => {
  let at = start;
  let digit = (bytes[at] as number) - 48;
  while (digit >= 0 && digit <= 9 && at - start < 15) digit = (bytes[++at] as number) - 48;
  const zero = bytes[start] === 48 && at - start > 1;
  return digit + 48 === comma && at > start && !zero ? at + 1 : -1;
};
