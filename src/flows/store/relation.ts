/**
 * The canonical columns over whatever holds them: files of both shapes and the hot table read as one relation. Columns
 * that a shape does not have are NULL there; port numbers of named data are derived from their text.
 */
import { join } from 'node:path';
import { type Column, columns } from '../schema.ts';
import type { FileEntry } from './catalog.ts';
import { literal } from './duck.ts';

const derived: Record<string, string> = {
  src_port_num: 'TRY_CAST(src_port AS USMALLINT)',
  dst_port_num: 'TRY_CAST(dst_port AS USMALLINT)',
};

const namedExpression = ({ name, type, named }: Column): string => {
  if (named) return name;
  return `${derived[name] ?? `NULL::${type}`} AS ${name}`;
};

const hotExpression = ({ name }: Column): string =>
  derived[name] === undefined ? name : `coalesce(${name}, CASE WHEN ip_version IS NULL THEN ${derived[name]} END) AS ${name}`;

const selectList = (expression: (column: Column) => string): string => columns.map(expression).join(', ');
const addressedList = selectList(({ name }) => name);
const namedList = selectList(namedExpression);
const hotList = selectList(hotExpression);

const readParquet = (folder: string, files: readonly FileEntry[]): string =>
  `read_parquet([${files.map((file) => literal(join(folder, file.path))).join(', ')}], hive_partitioning = false)`;

/** A FROM item with all canonical columns over these files and, if asked, the hot table. */
export const relation = (folder: string, files: readonly FileEntry[], withHot: boolean): string => {
  const named = files.filter((file) => file.shape === 'named');
  const addressed = files.filter((file) => file.shape === 'addressed');
  const parts: string[] = [];
  if (named.length > 0) parts.push(`SELECT ${namedList} FROM ${readParquet(folder, named)}`);
  if (addressed.length > 0) parts.push(`SELECT ${addressedList} FROM ${readParquet(folder, addressed)}`);
  if (withHot || parts.length === 0) parts.push(`SELECT ${hotList} FROM hot${withHot ? '' : ' WHERE false'}`);
  return `(${parts.join(' UNION ALL ')})`;
};
