/**
 * Structures in the compact protocol of Thrift, as Parquet has them in page headers and footers
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md). Fields are written in order of their
 * numbers.
 */
import type { Octets } from './octets.ts';

/** How the compact protocol numbers the types of values. */
export const types = {
  true: 1,
  false: 2,
  byte: 3,
  int16: 4,
  int32: 5,
  int64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  struct: 12,
} as const;

/** A value of a field: a number is an integer of the width that the field has. */
export type Field =
  | { readonly id: number; readonly int32: number }
  | { readonly id: number; readonly int64: number }
  | { readonly id: number; readonly byte: number }
  | { readonly id: number; readonly flag: boolean }
  | { readonly id: number; readonly binary: Uint8Array | string }
  | { readonly id: number; readonly struct: Struct }
  | { readonly id: number; readonly structs: readonly Struct[] }
  | { readonly id: number; readonly int32s: readonly number[] }
  | { readonly id: number; readonly texts: readonly string[] };

/** Fields by rising number; those that are undefined are left out. */
export type Struct = readonly (Field | undefined)[];

/** Writes a structure with its end mark. */
export const writeStruct = (out: Octets, struct: Struct): void => {
  let last = 0;
  for (const field of struct) {
    if (field === undefined) continue;
    writeField(out, field, field.id - last);
    last = field.id;
  }
  out.byte(0);
};

const head = (out: Octets, step: number, type: number): void => out.byte((step << 4) | type);

const writeField = (out: Octets, field: Field, step: number): void => {
  if ('int32' in field) {
    head(out, step, types.int32);
    out.signedVarint(field.int32);
  } else if ('int64' in field) {
    head(out, step, types.int64);
    out.signedVarint(field.int64);
  } else if ('byte' in field) {
    head(out, step, types.byte);
    out.byte(field.byte);
  } else if ('flag' in field) head(out, step, field.flag ? types.true : types.false);
  else if ('binary' in field) {
    head(out, step, types.binary);
    writeBinary(out, field.binary);
  } else if ('struct' in field) {
    head(out, step, types.struct);
    writeStruct(out, field.struct);
  } else {
    head(out, step, types.list);
    writeList(out, field);
  }
};

type List = Extract<Field, { structs: unknown } | { int32s: unknown } | { texts: unknown }>;

const writeList = (out: Octets, field: List): void => {
  if ('structs' in field) {
    writeListHead(out, field.structs.length, types.struct);
    for (const struct of field.structs) writeStruct(out, struct);
  } else if ('int32s' in field) {
    writeListHead(out, field.int32s.length, types.int32);
    for (const value of field.int32s) out.signedVarint(value);
  } else {
    writeListHead(out, field.texts.length, types.binary);
    for (const text of field.texts) writeBinary(out, text);
  }
};

const writeListHead = (out: Octets, count: number, type: number): void => {
  if (count < 15) out.byte((count << 4) | type);
  else {
    out.byte(0xf0 | type);
    out.varint(count);
  }
};

const writeBinary = (out: Octets, value: Uint8Array | string): void => {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  out.varint(bytes.length);
  out.append(bytes);
};
