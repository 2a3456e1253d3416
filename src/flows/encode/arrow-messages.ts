/**
 * The messages of an Arrow IPC stream (https://arrow.apache.org/docs/format/Columnar.html): the schema, record batches, the end
 * mark. The library for it made the first rows wait for 200 ms in each thread that loaded it, and copied all columns once more.
 * Numbers of fields and kinds are those of Schema.fbs and Message.fbs.
 */
import { type Table, type Value, writeTree } from './flatbuffer.ts';

/** A column of a message: its name and how its values are kept. */
export type ArrowField = { readonly name: string; readonly type: ArrowType };

/** Whole numbers of so many bits, instants in UTC, or UTF-8. */
export type ArrowType =
  | { readonly bits: 8 | 16 | 32 | 64; readonly signed: boolean }
  | { readonly unit: 'microsecond' | 'nanosecond' }
  | 'utf8';

/** The values of one column of a batch: NULLs, and its buffers in order, empty where there is nothing to tell. */
export type ArrowColumn = { readonly nulls: number; readonly buffers: readonly Uint8Array[] };

const version5 = 4;
const headers = { schema: 1, batch: 3 } as const;
const kinds = { int: 2, utf8: 5, timestamp: 10 } as const;
const units = { microsecond: 2, nanosecond: 3 } as const;

const number = (octets: 1 | 2 | 4 | 8, value: number): Value => ({ octets, number: value });

/** What stands in front of all batches. */
export const schemaMessage = (fields: readonly ArrowField[]): Uint8Array =>
  message(headers.schema, [undefined, { tables: fields.map(fieldOf) }], 0);

const fieldOf = ({ name, type }: ArrowField): Table => {
  const [kind, table] = kindOf(type);
  return [{ text: name }, number(1, 1), number(1, kind), { table }, undefined, { tables: [] }];
};

const kindOf = (type: ArrowType): [kind: number, table: Table] => {
  if (type === 'utf8') return [kinds.utf8, []];
  if ('unit' in type) return [kinds.timestamp, [number(2, units[type.unit]), { text: 'UTC' }]];
  return [kinds.int, [number(4, type.bits), number(1, type.signed ? 1 : 0)]];
};

/** Rows as the parts of a message, one after the other. Buffers begin at multiples of eight. */
export const batchMessage = (rows: number, columns: readonly ArrowColumn[]): Uint8Array[] => {
  const parts: Uint8Array[] = [];
  const buffers: number[] = [];
  let length = 0;
  for (const buffer of columns.flatMap((column) => column.buffers)) {
    buffers.push(length, buffer.length);
    const gap = -buffer.length & 7;
    if (buffer.length > 0) parts.push(buffer);
    if (gap > 0) parts.push(zeros.subarray(0, gap));
    length += buffer.length + gap;
  }
  const nodes = columns.flatMap(({ nulls }) => [rows, nulls]);
  const batch: Table = [number(8, rows), { longs: nodes, width: 2 }, { longs: buffers, width: 2 }];
  return [message(headers.batch, batch, length), ...parts];
};

/** What ends a stream. */
export const endMark = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);

const zeros = new Uint8Array(8);

/** A message without its body: a mark, the length of what follows, and the tree. */
const message = (kind: number, header: Table, bodyOctets: number): Uint8Array => {
  const tree = writeTree([number(2, version5), number(1, kind), { table: header }, number(8, bodyOctets)]);
  const octets = new Uint8Array(8 + tree.length);
  const view = new DataView(octets.buffer);
  view.setUint32(0, 0xffffffff);
  view.setUint32(4, tree.length, true);
  octets.set(tree, 8);
  return octets;
};
