/** Rows of DuckDB as Livy shows them: JSON text in which numbers keep all their digits. */
import { type DuckDBDataChunk, type DuckDBResult, type DuckDBType, DuckDBTypeId } from '@duckdb/node-api';
import { type Column, columnOf } from './cells.ts';
import { JsonText } from './json-text.ts';

/** Spark's names of the types that have one; numbers without a sign get the next larger. Anything else is text. */
const names: Partial<Record<DuckDBTypeId, string>> = {
  [DuckDBTypeId.BOOLEAN]: 'boolean',
  [DuckDBTypeId.TINYINT]: 'byte',
  [DuckDBTypeId.SMALLINT]: 'short',
  [DuckDBTypeId.INTEGER]: 'integer',
  [DuckDBTypeId.BIGINT]: 'long',
  [DuckDBTypeId.UTINYINT]: 'short',
  [DuckDBTypeId.USMALLINT]: 'integer',
  [DuckDBTypeId.UINTEGER]: 'long',
  [DuckDBTypeId.UBIGINT]: 'decimal(38,0)',
  [DuckDBTypeId.HUGEINT]: 'decimal(38,0)',
  [DuckDBTypeId.FLOAT]: 'float',
  [DuckDBTypeId.DOUBLE]: 'double',
  [DuckDBTypeId.VARCHAR]: 'string',
  [DuckDBTypeId.DATE]: 'date',
  [DuckDBTypeId.TIMESTAMP]: 'timestamp',
  [DuckDBTypeId.TIMESTAMP_S]: 'timestamp',
  [DuckDBTypeId.TIMESTAMP_MS]: 'timestamp',
  [DuckDBTypeId.TIMESTAMP_NS]: 'timestamp',
  [DuckDBTypeId.TIMESTAMP_TZ]: 'timestamp',
};

/** An answer as JSON: its schema and its first rows, and whether there were more. */
export type Answer = { octets: Buffer; isCut: boolean };

/** How much an answer may hold: rows, and octets. */
export type AnswerLimits = { rows: number; outputOctets: number };

/** Reads a result. Throws when its octets are more than they may be. */
export async function answerOf(result: DuckDBResult, { rows, outputOctets }: AnswerLimits): Promise<Answer> {
  const types = result.columnTypes();
  const isQuery = result.columnCount > 0 && !isMutation(result);
  const fields = isQuery
    ? result.columnNames().map((name, at) => ({ name, type: nameOf(types[at] as DuckDBType), nullable: true, metadata: {} }))
    : [];
  const text = new JsonText();
  text.json(`{"schema":${JSON.stringify({ type: 'struct', fields })},"data":[`);
  const pieces: Buffer[] = [];
  let count = 0;
  let size = 0;
  let isCut = false;
  while (isQuery && !isCut) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    const taken = Math.min(chunk.rowCount, rows - count);
    writeRows(chunk, { types, taken, isFirst: count === 0 }, text);
    count += taken;
    isCut = taken < chunk.rowCount;
    size += text.size;
    if (size > outputOctets) throw new Error(`the result has more octets than sessions.output allows (${outputOctets})`);
    pieces.push(text.take());
  }
  text.json(']}');
  pieces.push(text.take());
  return { octets: Buffer.concat(pieces), isCut };
}

type Rows = { types: readonly DuckDBType[]; taken: number; isFirst: boolean };

function writeRows(chunk: DuckDBDataChunk, { types, taken, isFirst }: Rows, text: JsonText): void {
  const columns = types.map(({ typeId }, at) => columnOf(chunk, at, typeId, text));
  for (let row = 0; row < taken; row++) {
    if (row > 0 || !isFirst) text.sign(comma);
    for (let at = 0; at < columns.length; at++) {
      text.sign(at === 0 ? opening : comma);
      (columns[at] as Column)(row);
    }
    text.sign(closing);
  }
}

const [comma, opening, closing] = [0x2c, 0x5b, 0x5d];

/** What changes something answers how many rows it changed, which is no result of a query. */
const isMutation = (result: DuckDBResult): boolean => result.returnType !== undefined && result.returnType !== 3;

const nameOf = (type: DuckDBType): string => {
  if (type.typeId === DuckDBTypeId.DECIMAL) {
    const { width, scale } = type as unknown as { width: number; scale: number };
    return `decimal(${width},${scale})`;
  }
  return names[type.typeId] ?? 'string';
};
