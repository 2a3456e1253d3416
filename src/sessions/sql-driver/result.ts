/** Rows of DuckDB as Livy shows them: JSON text in which numbers keep all their digits. */
import { DuckDBDecimalValue, type DuckDBResult, type DuckDBType, DuckDBTypeId } from '@duckdb/node-api';

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

/** The schema and the first rows of a result, and whether there were more. */
export async function resultText(result: DuckDBResult, most: number): Promise<{ text: string; isCut: boolean }> {
  const types = result.columnTypes();
  const isQuery = result.columnCount > 0 && !isMutation(result);
  const fields = isQuery
    ? result.columnNames().map((name, at) => ({ name, type: nameOf(types[at] as DuckDBType), nullable: true, metadata: {} }))
    : [];
  const rows: string[] = [];
  let isCut = false;
  while (isQuery && !isCut) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk === undefined || chunk.rowCount === 0) break;
    for (const row of chunk.getRows()) {
      isCut = rows.length === most;
      if (isCut) break;
      rows.push(`[${row.map(cellText).join(',')}]`);
    }
  }
  return { text: `{"schema":${JSON.stringify({ type: 'struct', fields })},"data":[${rows.join(',')}]}`, isCut };
}

/** What changes something answers how many rows it changed, which is no result of a query. */
const isMutation = (result: DuckDBResult): boolean => result.returnType !== undefined && result.returnType !== 3;

const nameOf = (type: DuckDBType): string => {
  if (type.typeId === DuckDBTypeId.DECIMAL) {
    const { width, scale } = type as unknown as { width: number; scale: number };
    return `decimal(${width},${scale})`;
  }
  return names[type.typeId] ?? 'string';
};

function cellText(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null';
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'string':
      return JSON.stringify(value);
    default:
      if (value === null || value === undefined) return 'null';
      return value instanceof DuckDBDecimalValue ? value.toString() : JSON.stringify(String(value));
  }
}
