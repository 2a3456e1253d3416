/** Weir's own Parquet back again: DuckDB reads it, the canonical columns are checked, and files of the store come out. */
import { Problem } from '../../core/problem.ts';
import { type Column, columns, publishedColumns, type Shape } from '../schema.ts';
import { type Connection, literal } from '../store/duck.ts';
import { absentValue, foreignValue, losesNanoseconds } from '../store/file-layout.ts';
import { isOfDay } from '../store/paths.ts';
import { lastSecond } from './limits.ts';
import { copyToParquet, importedList, splitByDay } from './run-duck.ts';
import { type RunFile, type RunWriterOptions, runFile, runPath } from './run-writer.ts';

/** A file of more days than this is taken as one part, which goes to the hot table; each day is one pass over the file. */
const maxDays = 1000;

const required = columns.filter((c) => !c.nullable && c.name !== 'id' && c.name !== 'source_id' && c.name !== 'ingested_at');

/** Takes over the rows of a Parquet file that has at least the ten published columns; others that are canonical are kept. */
export const importParquet = async (connection: Connection, path: string, options: RunWriterOptions): Promise<RunFile[]> => {
  const source = `read_parquet(${literal(path)}, file_row_number = true)`;
  const present = await presentColumns(connection, source);
  await refuseNulls(connection, source, present);
  const isNamed = !(present.has('ip_version') && present.has('src_addr_lo'));
  const sqlOf = (column: Column): string => {
    if (present.has(column.name)) return foreignValue(column, present);
    return isNamed ? absentValue(column) : `NULL::${column.type}`;
  };
  const shape: Shape =
    isNamed && !(await holds(connection, `SELECT 1 FROM ${source} WHERE ${losesNanoseconds(sqlOf)}`)) ? 'named' : 'addressed';
  const rows = `(SELECT CAST(time AS BIGINT) AS time, file_row_number AS id FROM ${source})`;
  await refuseTimes(connection, rows);
  const parts = await splitByDay(connection, rows, maxDays);
  const count = parts.reduce((sum, part) => sum + part.rows, 0);
  const base = await options.reserve(Math.max(1, count));
  const list = importedList(shape, options, (column) => (column.name === 'id' ? `file_row_number + ${base}::BIGINT` : sqlOf(column)));
  const files: RunFile[] = [];
  for (const part of parts) {
    const where = part.day === null ? '' : `WHERE ${isOfDay(part.day)}`;
    const file = runPath(options, part, files.length + 1);
    await copyToParquet(connection, `SELECT ${list} FROM ${source} ${where} ORDER BY time, id`, file).catch(asBadValue);
    files.push(runFile(file, shape, part, base));
  }
  return files;
};

/** Whether the statement has rows. */
const holds = async (connection: Connection, select: string): Promise<boolean> =>
  (await connection.row(`${select} LIMIT 1`).catch(asBadValue)) !== undefined;

/** Times that no day of the calendar holds could be stored, but never sealed. */
const refuseTimes = async (connection: Connection, rows: string): Promise<void> => {
  const row = await connection
    .row(`SELECT min(id) AS at FROM ${rows} WHERE time < -${lastSecond} OR time > ${lastSecond}`)
    .catch(asBadValue);
  if (row?.at === null || row?.at === undefined) return;
  throw new Problem('unprocessable', `row ${Number(row.at) + 1}, column time: expected seconds of a year up to 9999`, {
    facts: { row: Number(row.at) + 1, column: 'time' },
  });
};

const asBadValue = (error: unknown): never => {
  throw new Problem('unprocessable', 'a value of the Parquet file does not fit its column', { detail: saidOf(error), cause: error });
};

/** What DuckDB says, without its SQL and without the name that the file has in the staging folder. */
const saidOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .split('\n', 1)
    .join()
    .replace(/ ['"][^'"]*\.tmp['"]/, '');

const presentColumns = async (connection: Connection, source: string): Promise<Set<string>> => {
  const described = await connection.rows(`DESCRIBE SELECT * FROM ${source}`).catch((error: unknown) => {
    throw new Problem('unprocessable', 'this is not a whole Parquet file', { detail: saidOf(error), cause: error });
  });
  const present = new Set(described.map((row) => String(row.column_name)));
  const missing = publishedColumns.filter((name) => name !== 'id' && !present.has(name));
  if (missing.length === 0) return present;
  throw new Problem('unprocessable', `the Parquet file has no column ${missing.join(', ')}`, {
    detail: `it has ${[...present].filter((name) => name !== 'file_row_number').join(', ')}`,
    facts: { missing },
  });
};

const refuseNulls = async (connection: Connection, source: string, present: ReadonlySet<string>): Promise<void> => {
  for (const { name } of required.filter((column) => present.has(column.name))) {
    const row = await connection.row(`SELECT min(file_row_number) AS at FROM ${source} WHERE ${name} IS NULL`);
    if (row?.at === null || row === undefined) continue;
    throw new Problem('unprocessable', `row ${Number(row.at) + 1}, column ${name}: expected a value, got NULL`, {
      facts: { row: Number(row.at) + 1, column: name },
    });
  }
};
