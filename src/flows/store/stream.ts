/** Rows of a selection in order, encoded, block by block: the flow stream, pages of it, and single flows. */
import duckdb from '@duckdb/node-bindings';
import { Problem } from '../../core/problem.ts';
import type { CallContext } from '../../core/thread.ts';
import { readChunk } from '../encode/chunk.ts';
import { createEncoder } from '../encode/encode.ts';
import { encodedFields, rawTypes, selectList } from '../encode/field.ts';
import type { ColumnName } from '../schema.ts';
import { momentText } from './commit.ts';
import { streamParquet } from './parquet-stream.ts';
import { relation } from './relation.ts';
import { streamRows } from './row-stream.ts';
import type { Store } from './store.ts';
import type { Streamed, StreamNews, StreamQuery } from './stream-query.ts';

/** Sends the answer to the caller; stops at once, and frees what it holds, when the caller gives up. */
export const streamFlows = async (store: Store, query: StreamQuery, context: CallContext): Promise<Streamed> => {
  const snapshot = await store.snapshot();
  const interrupt = (): void => snapshot.connection.interrupt();
  context.signal.addEventListener('abort', interrupt, { once: true });
  let ending = Promise.resolve();
  const leave = (left: Promise<void>): void => {
    ending = left;
  };
  try {
    context.signal.throwIfAborted();
    context.tell({ ingestedUntil: momentText(snapshot.lastCommitUs) } satisfies StreamNews);
    if (query.format === 'parquet') return await streamParquet(store, snapshot, query, context);
    return await streamRows({ store, snapshot, context, leave }, { ...query, format: query.format });
  } finally {
    context.signal.removeEventListener('abort', interrupt);
    void ending.finally(() => snapshot.close());
  }
};

/** One flow as the JSON text of an array of at most one. */
export const flowById = async (store: Store, query: { id: number; fields: ColumnName[]; bigint: 'number' | 'string' }): Promise<string> => {
  if (!Number.isSafeInteger(query.id)) throw new Problem('invalid', 'expected a whole number as the id of a flow');
  const snapshot = await store.snapshot();
  try {
    const files = snapshot.files.filter((file) => file.minId <= query.id && file.maxId >= query.id);
    const fields = encodedFields(query.fields, 'addressed');
    const encoder = await createEncoder('json', fields, { bigint: query.bigint });
    const sql = `SELECT ${selectList(fields)} FROM ${relation(store.paths.flows, files, snapshot.hot !== undefined)} WHERE id = ?`;
    const stream = await snapshot.connection.stream(sql, [query.id]);
    const parts = [encoder.head()];
    for (let chunk = await stream.next(); chunk !== null; chunk = await stream.next()) {
      encoder.rows(readChunk(chunk, rawTypes(fields)), duckdb.data_chunk_get_size(chunk));
    }
    encoder.flush();
    for (let block = encoder.take(); block !== null; block = encoder.take()) parts.push(block);
    parts.push(encoder.tail());
    return Buffer.concat(parts).toString('utf8');
  } finally {
    snapshot.close();
  }
};
