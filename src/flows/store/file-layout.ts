/**
 * How flows lie in a Parquet file, and the way there and back in SQL. Files differ from the canonical flow in one thing:
 * Spark reads no nanoseconds, so a time stamp is in microseconds, rounded down, and what is below them stands for all
 * time stamps of the flow together in one more column (`docs/adr/0006-microseconds-in-files.md`):
 *
 *   sub_us = start_time % 1000 + 1000 * (end_time % 1000) + 1000000 * (rev_start_time % 1000); NULL for 0
 *
 * Files of the shape `named` do without it: flows that need it lie in files of the other shape.
 */
import { type Column, type ColumnName, columns, columnsOf, type Shape } from '../schema.ts';

/** The file column of the nanoseconds below the microseconds: UINTEGER, NULL where all of them are 0. */
export const remainderColumn = 'sub_us';

/**
 * What DuckDB can make a TIMESTAMP_NS of: 1677-09-22 to 2262-04-11. A time outside, an infinite one too, is moved to the
 * nearer end when it is written, for one that could not be read back would end every query that meets it.
 */
const [first, last] = ['-9223286400000000000', '9223372036854775806'];

const isFine = ({ type }: Column): boolean => type === 'TIMESTAMP_NS';

const factors = new Map(columns.filter(isFine).map(({ name }, at) => [name as string, 1000 ** at]));

/** What the nanoseconds of a time stamp are multiplied by in `sub_us`. */
export const remainderFactor = (name: string): number => factors.get(name) ?? 1;

/** The SQL of a canonical value, by column. */
export type SqlOf = (column: Column) => string;

// CASE, since greatest() and least() pass over NULL.
const nanoseconds = (value: string): string =>
  `(CASE WHEN epoch_ns(${value}) < ${first} THEN ${first} WHEN epoch_ns(${value}) > ${last} THEN ${last} ELSE epoch_ns(${value}) END)`;

/** 0 to 999, also before 1970, where `%` gives negative remainders. */
const remainder = (value: string): string => `((${nanoseconds(value)} % 1000 + 1000) % 1000)`;
const microseconds = (value: string): string => `make_timestamp((${nanoseconds(value)} - ${remainder(value)}) // 1000)`;

/** The value of `sub_us` for these canonical columns, whether or not time stamps are among them. */
const remainders = (list: readonly Column[], sqlOf: SqlOf): string => {
  const terms = list.filter(isFine).map((column) => `${factors.get(column.name)} * coalesce(${remainder(sqlOf(column))}, 0)`);
  return `CAST(nullif(${['0', ...terms].join(' + ')}, 0) AS UINTEGER)`;
};

const layOut = (list: readonly Column[], sqlOf: SqlOf): string[] =>
  list.map((column) => `${isFine(column) ? microseconds(sqlOf(column)) : sqlOf(column)} AS ${column.name}`);

const itself: SqlOf = ({ name }) => name;

/** The columns of a file of the shape, from canonical values: what stands between SELECT and FROM. */
export const fileList = (shape: Shape, sqlOf: SqlOf = itself): string => {
  const list = columnsOf(shape);
  const laid = layOut(list, sqlOf);
  return (shape === 'named' ? laid : [...laid, `${remainders(list, sqlOf)} AS ${remainderColumn}`]).join(', ');
};

const columnNamed = (name: ColumnName): Column => columns.find((column) => column.name === name) as Column;

/** The columns of a file of chosen columns; `sub_us` is among them where a time stamp is. */
export const exportColumns = (names: readonly ColumnName[]): Column[] => {
  const list = names.map(columnNamed);
  return list.some(isFine) ? [...list, { name: remainderColumn, type: 'UINTEGER', nullable: true, named: false, doc: '' }] : list;
};

/** Whether `sub_us` of a sealed file is what it has to be beside these columns: with some of the time stamps it is another number. */
export const keepsRemainders = (names: readonly ColumnName[], shape: Shape): boolean => {
  const count = names.filter((name) => factors.has(name)).length;
  return shape === 'named' || count === 0 || count === factors.size;
};

/** The same in SQL, from canonical values. */
export const exportList = (names: readonly ColumnName[]): string => {
  const list = names.map(columnNamed);
  const laid = layOut(list, itself);
  return (list.some(isFine) ? [...laid, `${remainders(list, itself)} AS ${remainderColumn}`] : laid).join(', ');
};

/** The names of the columns of a file of the shape, for rows that go from file to file. */
export const fileColumns = (shape: Shape): string[] => {
  const names = columnsOf(shape).map((column) => column.name);
  return shape === 'named' ? names : [...names, remainderColumn];
};

/** A canonical value from the columns of a file of the shape. */
export const canonicalValue = (column: Column, shape: Shape): string => {
  if (!isFine(column)) return column.name;
  return shape === 'named' ? joined(column.name, '0') : joined(column.name, below(column.name));
};

/** The canonical columns of the shape from a file of it. */
export const canonicalList = (shape: Shape): string =>
  columnsOf(shape)
    .map((column) => `${canonicalValue(column, shape)} AS ${column.name}`)
    .join(', ');

const below = (name: string): string => `coalesce(${remainderColumn}, 0) // ${factors.get(name)} % 1000`;
const joined = (name: string, nanos: string): string => `make_timestamp_ns(epoch_us(${name}) * 1000 + ${nanos})`;

/**
 * A canonical value from a column of a Parquet file that anybody may have written: time stamps in nanoseconds are taken
 * as they are, and those in microseconds together with `sub_us` where the file has it.
 */
export const foreignValue = ({ name, type }: Column, present: ReadonlySet<string>): string => {
  const plain = `CAST(${name} AS ${type})`;
  if (!factors.has(name) || !present.has(remainderColumn)) return plain;
  const nanos = `CAST(${remainderColumn} AS UINTEGER) // ${factors.get(name)} % 1000`;
  return `CASE WHEN ${remainderColumn} IS NULL THEN ${plain} ELSE ${joined(`CAST(${name} AS TIMESTAMP)`, nanos)} END`;
};

/** Whether a file of the shape `named` would lose nanoseconds of a row; `sqlOf` gives the canonical values. */
export const losesNanoseconds = (sqlOf: SqlOf = itself): string => `(${remainders(columnsOf('named'), sqlOf)} IS NOT NULL)`;

const derived: Partial<Record<string, string>> = {
  src_port_num: 'TRY_CAST(src_port AS USMALLINT)',
  dst_port_num: 'TRY_CAST(dst_port AS USMALLINT)',
};

/** The value of a column that named data does not hold: port numbers come from their text, the rest is NULL. */
export const absentValue = ({ name, type }: Column): string => derived[name] ?? `NULL::${type}`;

/** Whether `absentValue` gives something else than NULL. */
export const isDerived = ({ name }: Column): boolean => derived[name] !== undefined;
