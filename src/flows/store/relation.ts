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

const selectList = (sqlOf: (column: Column) => string): string => columns.map((column) => `${sqlOf(column)} AS ${column.name}`).join(', ');
const addressedList = selectList((column) => canonicalValue(column, 'addressed'));
const namedList = selectList((column) => (column.named ? canonicalValue(column, 'named') : absentValue(column)));
const hotList = selectList(hotValue);

/** A FROM item with the columns of these files, which are of one shape, as they lie there. */
export const readParquet = (folder: string, files: readonly FileEntry[], more = ''): string =>
  `read_parquet([${files.map((file) => literal(join(folder, file.path))).join(', ')}], hive_partitioning = false${more})`;

/** The same for some rows of a file; row groups without any of them are passed over. */
const readRange = (folder: string, files: readonly FileEntry[], rows: RowRange | undefined): string => {
  if (rows === undefined) return readParquet(folder, files);
  return `${readParquet(folder, files, ', file_row_number = true')} WHERE file_row_number >= ${rows.from} AND file_row_number < ${rows.to}`;
};

/** A FROM item with all canonical columns over these files (of one file, over `rows` where given) and, if asked, the hot table. */
export const relation = (folder: string, files: readonly FileEntry[], withHot: boolean, rows?: RowRange): string => {
  const named = files.filter((file) => file.shape === 'named');
  const addressed = files.filter((file) => file.shape === 'addressed');
  const parts: string[] = [];
  if (named.length > 0) parts.push(`SELECT ${namedList} FROM ${readRange(folder, named, rows)}`);
  if (addressed.length > 0) parts.push(`SELECT ${addressedList} FROM ${readRange(folder, addressed, rows)}`);
  if (withHot || parts.length === 0) parts.push(`SELECT ${hotList} FROM hot${withHot ? '' : ' WHERE false'}`);
  return `(${parts.join(' UNION ALL ')})`;
};
