/**
 * How fast the encoders of the flow stream are, with nothing else in the way: a table in memory, its chunks fetched
 * beforehand, one core. `node bench/encode.ts [rows] [rounds] [named|addressed]`; the best round of each format counts,
 * since other work on the machine only ever adds time.
 */
import duckdb from '@duckdb/node-bindings';
import { BlockPool } from '../src/flows/encode/block.ts';
import { readChunk, releaseColumns } from '../src/flows/encode/chunk.ts';
import { createEncoder } from '../src/flows/encode/encode.ts';
import { encodedFields, rawTypes, selectList } from '../src/flows/encode/field.ts';
import type { Shape } from '../src/flows/schema.ts';
import { publishedColumns } from '../src/flows/schema.ts';

const [rows = 500_000, rounds = 10] = process.argv.slice(2, 4).map(Number);
const shape = (process.argv[4] ?? 'named') as Shape;
const formats = ['json', 'ndjson', 'xml', 'csv', 'arrow'] as const;

// Lengths and spread of values as the LANL set of 2015 has them; for captures, IPv4 addresses of all lengths.
const table = `CREATE TABLE flows AS SELECT i AS id, i // 70 AS time,
  CASE WHEN hash(i) % 10 < 8 THEN 0 ELSE hash(i) % 3000 END::BIGINT AS duration,
  'C' || hash(i * 7) % 17000 AS src_comp, CASE WHEN hash(i * 3) % 3 = 0 THEN '445' ELSE 'N' || hash(i * 5) % 49000 END AS src_port,
  'C' || hash(i * 11) % 17000 AS dst_comp, CASE WHEN hash(i * 3) % 3 = 1 THEN '80' ELSE 'N' || hash(i * 15) % 49000 END AS dst_port,
  CASE WHEN hash(i) % 5 = 0 THEN 17 ELSE 6 END::UTINYINT AS protocol,
  (1 + hash(i * 17) % 40)::UBIGINT AS packet_count, (46 + hash(i * 19) % 90000)::UBIGINT AS byte_count,
  0::UBIGINT AS src_addr_hi, ((65535::UBIGINT << 32) + hash(i * 23) % 4294967296)::UBIGINT AS src_addr_lo,
  0::UBIGINT AS dst_addr_hi, ((65535::UBIGINT << 32) + hash(i * 29) % 4294967296)::UBIGINT AS dst_addr_lo
  FROM range(1, ${rows + 1}) r(i)`;

const fields = encodedFields(publishedColumns, shape);
const connection = await duckdb.connect(await duckdb.open(':memory:'));
await duckdb.query(connection, table);
const statement = await duckdb.prepare(connection, `SELECT ${selectList(fields)} FROM flows`);
const result = await duckdb.execute_prepared_streaming(statement);
const chunks: duckdb.DataChunk[] = [];
for (let chunk = await duckdb.fetch_chunk(result); chunk !== null; chunk = await duckdb.fetch_chunk(result)) {
  if (duckdb.data_chunk_get_size(chunk) === 0) break;
  chunks.push(chunk);
}

/** Octets of the whole answer in a format. */
const encodeAll = async (format: (typeof formats)[number], pool: BlockPool): Promise<number> => {
  const encoder = await createEncoder(format, fields, { pool });
  let octets = encoder.head().length;
  const drain = () => {
    for (let block = encoder.take(); block !== null; block = encoder.take()) {
      octets += block.length;
      pool.give(block.buffer as ArrayBuffer);
    }
  };
  for (const chunk of chunks) {
    const columns = readChunk(chunk, rawTypes(fields));
    encoder.rows(columns, duckdb.data_chunk_get_size(chunk));
    releaseColumns(columns);
    drain();
  }
  encoder.flush();
  drain();
  return octets + encoder.tail().length;
};

for (const format of formats) {
  const pool = new BlockPool();
  let best = Number.POSITIVE_INFINITY;
  let octets = 0;
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    octets = await encodeAll(format, pool);
    best = Math.min(best, performance.now() - started);
  }
  const [rate, volume] = [rows / best / 1000, octets / best / 1000].map((n) => n.toFixed(2));
  console.log(`${format.padEnd(8)}${rate!.padStart(8)} million rows/s ${volume!.padStart(10)} MB/s`);
}
