/** How Parquet names what a canonical column holds (parquet.thrift: Type, ConvertedType, LogicalType). */
import type { Column, ColumnType } from '../schema.ts';
import type { Struct } from './thrift.ts';

/** Physical types. */
export const physical = { int32: 1, int64: 2, text: 6 } as const;

type Kind = { type: number; converted: number; logical?: Struct };

const micros: Struct = [
  { id: 1, flag: false },
  { id: 2, struct: [{ id: 2, struct: [] }] },
];
const timestamp: Kind = { type: physical.int64, converted: 10, logical: [{ id: 8, struct: micros }] };

// Files hold microseconds: `store/file-layout.ts`.
const kinds: Record<ColumnType, Kind> = {
  BIGINT: { type: physical.int64, converted: 18 },
  UBIGINT: { type: physical.int64, converted: 14 },
  UINTEGER: { type: physical.int32, converted: 13 },
  USMALLINT: { type: physical.int32, converted: 12 },
  UTINYINT: { type: physical.int32, converted: 11 },
  VARCHAR: { type: physical.text, converted: 0 },
  TIMESTAMP_NS: timestamp,
  TIMESTAMP: timestamp,
};

/** The physical type of a column. */
export const typeOf = ({ type }: Column): number => kinds[type].type;

/** The element of the schema for a column; all are optional, as in files that DuckDB writes. */
export const elementOf = ({ name, type }: Column): Struct => {
  const { type: physicalType, converted, logical } = kinds[type];
  return [
    { id: 1, int32: physicalType },
    { id: 3, int32: 1 },
    { id: 4, binary: name },
    { id: 6, int32: converted },
    logical && { id: 10, struct: logical },
  ];
};
