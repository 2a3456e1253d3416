/**
 * The canonical columns over whatever holds them: files of both shapes and the hot table read as one relation. Columns
 * that a shape does not have are NULL there; port numbers of named data are derived from their text.
 */
import { join } from 'node:path';
import { type Column, columns } from '../schema.ts';
import type { FileEntry } from './catalog.ts';
import { literal } from './duck.ts';
import { absentValue, canonicalValue, isDerived } from './file-layout.ts';
import type { RowRange } from './parts.ts';

const hotValue = (column: Column): string =>
  isDerived(column) ? `coalesce(${column.name}, CASE WHEN ip_version IS NULL THEN ${absentValue(column)} END)` : column.name;

const selectList = (some: readonly Column[], sqlOf: (column: Column) => string): string =>
  some.map((column) => `${sqlOf(column)} AS ${column.name}`).join(', ');

/** The SELECT list of all or some canonical columns from what is in each place. */
const listsOf = (some: readonly Column[]) => ({
  addressed: selectList(some, (column) => canonicalValue(column, 'addressed')),
  named: selectList(some, (column) => (column.named ? canonicalValue(column, 'named') : absentValue(column))),
  hot: selectList(some, hotValue),
});

const all = listsOf(columns);

/** The columns that a piece of SQL names. DuckDB binds whatever is offered: 45 columns take a millisecond more than ten. */
export const columnsIn = (sql: string): Column[] => {
  const words = new Set(sql.match(/\w+/g));
  return columns.filter(({ name }) => words.has(name));
};

/** A FROM item with the columns of these files, which are of one shape, as they lie there. */
export const readParquet = (folder: string, files: readonly FileEntry[], more = ''): string =>
  `read_parquet([${files.map((file) => literal(join(folder, file.path))).join(', ')}], hive_partitioning = false${more})`;

/** The same for some rows of a file; row groups without any of them are passed over. */
const readRange = (folder: string, files: readonly FileEntry[], rows: RowRange | undefined): string => {
  if (rows === undefined) return readParquet(folder, files);
  return `${readParquet(folder, files, ', file_row_number = true')} WHERE file_row_number >= ${rows.from} AND file_row_number < ${rows.to}`;
};

/** What is narrowed of a relation: `rows` of its one file, and the columns that are asked for. */
type Narrowing = { rows?: RowRange | undefined; columns?: readonly Column[] };

/** A FROM item with canonical columns over these files and, if asked, the hot table. */
export const relation = (
  folder: string,
  files: readonly FileEntry[],
  withHot: boolean,
  { rows, columns: some }: Narrowing = {},
): string => {
  const lists = some === undefined || some.length === 0 ? all : listsOf(some);
  const named = files.filter((file) => file.shape === 'named');
  const addressed = files.filter((file) => file.shape === 'addressed');
  const parts: string[] = [];
  if (named.length > 0) parts.push(`SELECT ${lists.named} FROM ${readRange(folder, named, rows)}`);
  if (addressed.length > 0) parts.push(`SELECT ${lists.addressed} FROM ${readRange(folder, addressed, rows)}`);
  if (withHot || parts.length === 0) parts.push(`SELECT ${lists.hot} FROM hot${withHot ? '' : ' WHERE false'}`);
  return `(${parts.join(' UNION ALL ')})`;
};
