/** What DuckDB is told, so that every benchmark compares with the same table. */

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A bare table of the nine typed columns, filled by DuckDB's own reader. */
export const lanlTable = (file: string): string =>
  `CREATE TABLE flows (time BIGINT, duration BIGINT, src_comp VARCHAR, src_port VARCHAR, dst_comp VARCHAR, dst_port VARCHAR, protocol UTINYINT, packet_count UBIGINT, byte_count UBIGINT); COPY flows FROM ${quoted(file)} (FORMAT csv, HEADER false)`;

/** The ten columns of the stream, from such a table. Without ORDER BY: its rows already lie in order, and sorting would cost it. */
export const streamedRows = 'SELECT rowid + 1 AS id, * FROM flows';

/** Writes those rows to standard output. */
export const copyOut = (format: string): string => `COPY (${streamedRows}) TO '/dev/stdout' (${format})`;
