/**
 * Reads all rows of Parquet files in order and encodes them, with no server and no client: what scan and encoder alone
 * can do. Without a format the rows are only read.
 *
 *   node bench/encode-process.ts FOLDER [FORMAT]      prints rows and octets as JSON
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import duckdb from '@duckdb/node-bindings';
import { BlockPool } from '../src/flows/encode/block.ts';
import { readChunk, releaseColumns } from '../src/flows/encode/chunk.ts';
import { createEncoder, type EncodedFormat } from '../src/flows/encode/encode.ts';
import { encodedFields, rawTypes, selectList } from '../src/flows/encode/field.ts';
import { publishedColumns } from '../src/flows/schema.ts';
import { Duck, literal } from '../src/flows/store/duck.ts';

const [folder, format] = process.argv.slice(2);
if (folder === undefined) throw new Error('name a folder with Parquet files');

const fields = encodedFields(publishedColumns, 'named');
const types = rawTypes(fields);
const pool = new BlockPool();
const encoder = format === undefined ? undefined : await createEncoder(format as EncodedFormat, fields, { pool });
let rows = 0;
let octets = 0;

const takeBlocks = (): void => {
  for (let block = encoder?.take(); block; block = encoder?.take()) {
    octets += block.length;
    pool.give(block.buffer as ArrayBuffer);
  }
};

const duck = await Duck.open(':memory:', { memory: '256MB', threads: 2, spillFolder: join(folder, 'spill') });
const connection = await duck.connect();
const files = globSync(join(folder, '**', '*.parquet')).toSorted();
const stream = await connection.stream(`SELECT ${selectList(fields)} FROM read_parquet([${files.map(literal).join(', ')}])`);
for (let chunk = await stream.next(); chunk !== null; chunk = await stream.next()) {
  const count = duckdb.data_chunk_get_size(chunk);
  rows += count;
  if (encoder === undefined) continue;
  const columns = readChunk(chunk, types);
  encoder.rows(columns, count);
  releaseColumns(columns);
  takeBlocks();
}
encoder?.flush();
takeBlocks();
connection.close();
duck.close();
console.log(JSON.stringify({ rows, octets }));
