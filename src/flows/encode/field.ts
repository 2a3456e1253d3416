/**
 * The fields of a stream, and the columns that the query must select for them. Most fields are one column; an address
 * (`src_comp`, `dst_comp`) is three, since its text is mostly longer than the 12 octets that DuckDB keeps in place, and
 * writing it anew from its two halves is cheaper than following a pointer: the query selects the text only where there
 * are no halves.
 */
import type { Column, ColumnName, ColumnType, Shape } from '../schema.ts';
import { columns, columnsOf } from '../schema.ts';

/** A field that is one column, of the type given. */
export type PlainField = { readonly name: string; readonly type: ColumnType; readonly select: string };
/** A text that may be given as address: VARCHAR or NULL, then the upper and the lower 64 bits, both NULL or both not. */
export type AddressField = {
  readonly name: string;
  readonly type: 'ADDRESS';
  readonly select: readonly [text: string, high: string, low: string];
};
/** A named value of each row that is streamed. `select` is SQL. */
export type EncodedField = PlainField | AddressField;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A field that is one column or, with `select`, one expression. */
export const plainField = (name: string, type: ColumnType, select: string = quoted(name)): PlainField => ({ name, type, select });

/** A field that is the column `text`, or the address of the columns `high` and `low` where those are not NULL. */
export const addressField = (name: string, text: string, high: string, low: string): AddressField => ({
  name,
  type: 'ADDRESS',
  select: [`CASE WHEN ${quoted(high)} IS NULL THEN ${quoted(text)} END`, quoted(high), quoted(low)],
});

/** The fields of the named columns over rows of a shape; columns that the shape lacks are NULL everywhere. */
export const encodedFields = (names: readonly ColumnName[], shape: Shape): EncodedField[] => {
  const present = new Set(columnsOf(shape).map((column) => column.name));
  return names.map((name) => fieldOf(columns.find((c) => c.name === name)!, shape, present.has(name)));
};

const fieldOf = ({ name, type }: Column, shape: Shape, isThere: boolean): EncodedField => {
  if (!isThere) return plainField(name, type, `NULL::${type}`);
  if (shape === 'addressed' && name === 'src_comp') return addressField(name, 'src_comp', 'src_addr_hi', 'src_addr_lo');
  if (shape === 'addressed' && name === 'dst_comp') return addressField(name, 'dst_comp', 'dst_addr_hi', 'dst_addr_lo');
  return plainField(name, type);
};

/** What stands between SELECT and FROM, for rows that `rawTypes` describes. */
export const selectList = (fields: readonly EncodedField[]): string => fields.flatMap((field) => field.select).join(', ');

/** The types of the columns that `selectList` selects, in order: what `readChunk` wants to know. */
export const rawTypes = (fields: readonly EncodedField[]): ColumnType[] =>
  fields.flatMap((field) => (field.type === 'ADDRESS' ? (['VARCHAR', 'UBIGINT', 'UBIGINT'] as const) : [field.type]));
